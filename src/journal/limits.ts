export interface JournalLimits {
  /** A new segment begins after this many bytes. */
  readonly segmentBytes: number
  /** Appends are refused while the segments hold this much and no holder lets go. */
  readonly maxBytes: number
  /** Kept after every holder has passed, for sinks that are added later and for `weir journal export`. */
  readonly keepBytes: number
  /** Appends are refused below this much free space, so that offsets and the store can still be written. */
  readonly reserveBytes: number
  /** Bytes written with one sync at most. */
  readonly groupBytes: number
  /** Bytes that may wait for the disk; beyond them appends are refused, so that a slow disk costs no memory. */
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
