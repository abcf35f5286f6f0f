export interface Health {
  readonly live: boolean
  readonly ready: boolean
  /** Posted data is accepted and acknowledged. */
  readonly accepting: boolean
  readonly draining: boolean
  readonly reasons: readonly string[]
  /** Do not affect readiness. */
  readonly warnings: readonly string[]
}
