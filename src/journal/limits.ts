export interface JournalLimits {
  /** Of a segment. */
  readonly segmentBytes: number
  /** Appends are refused at this size. */
  readonly maxBytes: number
  /** Retained after delivery, for later sinks and `weir journal export`. */
  readonly keepBytes: number
  /** Free space for offsets and the store; below it appends are refused. */
  readonly reserveBytes: number
  /** Per sync. */
  readonly groupBytes: number
  /** Pending bytes; beyond it appends are refused, which bounds memory on slow disks. */
  readonly queueBytes: number
}

export const defaultLimits: JournalLimits = {
  segmentBytes: 64 * 1024 * 1024,
  maxBytes: 8 * 1024 * 1024 * 1024,
  keepBytes: 256 * 1024 * 1024,
  reserveBytes: 64 * 1024 * 1024,
  groupBytes: 16 * 1024 * 1024,
  queueBytes: 128 * 1024 * 1024,
}
