/** The health of a process, for probes and the API. */
export interface Health {
  readonly live: boolean
  /** This process does its job now. */
  readonly ready: boolean
  /** Posted data is accepted and acknowledged now. */
  readonly accepting: boolean
  readonly draining: boolean
  /** Reasons for not being ready. */
  readonly reasons: readonly string[]
  /** Problems that need attention but do not affect readiness. */
  readonly warnings: readonly string[]
}
