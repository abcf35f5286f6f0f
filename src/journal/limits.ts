export interface JournalLimits {
  /** Size at which a new segment begins. */
  readonly segmentBytes: number
  /** Appends are refused while the segments have this size and no holder advances. */
  readonly maxBytes: number
  /** Retained after every holder has passed, for later sinks and `weir journal export`. */
  readonly keepBytes: number
  /** Free space below which appends are refused, so that offsets and the store can still be written. */
  readonly reserveBytes: number
  /** Maximum bytes per sync. */
  readonly groupBytes: number
  /** Maximum bytes pending for the disk; beyond it appends are refused, which bounds the memory on slow disks. */
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
