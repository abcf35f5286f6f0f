export interface RecorderLimits {
  readonly waitingBytes: number
  /** Target bytes of events in a unit. */
  readonly unitBytes: number
  readonly unitEvents: number
  /** ms. Batches the first event after a pause with others. */
  readonly waitMs: number
  /** ms. Each partial unit costs a sync and wakes all readers of the journal. */
  readonly gatherMs: number
  readonly commitMs: number
}

export const usualRecorderLimits: RecorderLimits = {
  waitingBytes: 4 * 1024 * 1024,
  unitBytes: 384 * 1024,
  unitEvents: 4096,
  waitMs: 10,
  gatherMs: 200,
  commitMs: 10_000,
}

/** Approximate bytes of an event without its data. */
export const perEvent = 400
/** The last unit shares a sync with flows, which arrive ten times a second. */
export const patienceMs = 100
