/** How a process is doing, as probes and the API state it. */
export interface Health {
  readonly live: boolean
  /** This process does its job now. */
  readonly ready: boolean
  /** Data that is posted now is accepted, and acknowledged. */
  readonly accepting: boolean
  readonly draining: boolean
  /** Why it is not ready. */
  readonly reasons: readonly string[]
  /** What somebody should look at, and does not keep it from being ready. */
  readonly warnings: readonly string[]
}
