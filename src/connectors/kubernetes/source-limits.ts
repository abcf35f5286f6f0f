export interface RecorderLimits {
  /** Bytes of events and documents that may wait. */
  readonly waitingBytes: number
  /** Bytes of events in a unit of the journal, about. */
  readonly unitBytes: number
  readonly unitEvents: number
  /** How long the first event after a pause waits for others. */
  readonly waitMs: number
  /** Units that are not full are at least so far apart: each costs a sync, and wakes whoever reads the journal. */
  readonly gatherMs: number
  /** The map is not written more often. */
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

/** Bytes that an event takes beside its data, about. */
export const perEvent = 400
/** A unit behind which no other waits is written with what else comes in this time: flows come ten times a second. */
export const patienceMs = 100
