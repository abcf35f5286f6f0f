export type JournalLimits = Readonly<{
  segmentBytes: number
  maxBytes: number
  /** Retained after delivery, for later sinks and `weir journal export`. */
  keepBytes: number
  /** Free space for offsets and the store; below it appends are refused. */
  reserveBytes: number
  /** Settled segments are removed, and the store gives way, while less than this is free beyond the reserve. */
  marginBytes: number
  /** How long appends wait for room before they are refused. */
  waitMs: number
  groupBytes: number
  /** Pending bytes; beyond it appends are refused, which bounds memory on slow disks. */
  queueBytes: number
}>

export const defaultLimits: JournalLimits = {
  segmentBytes: 64 * 1024 * 1024,
  maxBytes: 8 * 1024 * 1024 * 1024,
  keepBytes: 256 * 1024 * 1024,
  reserveBytes: 64 * 1024 * 1024,
  marginBytes: 0,
  waitMs: 0,
  groupBytes: 16 * 1024 * 1024,
  queueBytes: 128 * 1024 * 1024,
}
