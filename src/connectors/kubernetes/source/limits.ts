export type RecorderLimits = Readonly<{
  waitingBytes: number
  /** Target bytes of events in a unit. */
  unitBytes: number
  unitEvents: number
  /** Delay of the first event after a pause, to batch it with others. */
  waitMs: number
  /** Minimum interval of partial units: each costs a sync and wakes all readers of the journal. */
  gatherMs: number
  commitMs: number
}>

export const usualRecorderLimits: RecorderLimits = {
  waitingBytes: 4 * 1024 * 1024,
  unitBytes: 384 * 1024,
  unitEvents: 4096,
  waitMs: 10,
  gatherMs: 200,
  commitMs: 10_000,
}

export const perEvent = 400
/** Flush delay of the last unit, so that it shares a sync with flows, which arrive ten times a second. */
export const patienceMs = 100
