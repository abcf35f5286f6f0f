/**
 * The outcome of one step for one event. The union is closed: one place acts on it and counts each drop and reject by
 * its reason.
 */
export type Outcome =
  | { readonly is: 'pass' }
  | { readonly is: 'drop'; readonly reason: string }
  | { readonly is: 'reject'; readonly reason: string }
  /** Not passed on by intent: counted as filtered, not as a loss. */
  | { readonly is: 'filter'; readonly reason: string }

/** The outcome of one event that a sink did not deliver; all others were delivered. */
export type Failure =
  /** Retry later: the server is unavailable or busy, or the event was not attempted. */
  | { readonly index: number; readonly is: 'retry'; readonly reason: string; readonly afterMs?: number }
  /** Trying again cannot help: the event goes to the sink's dead letters. */
  | { readonly index: number; readonly is: 'reject'; readonly reason: string }
  /** Dropped by the sink's own rule (a transform that filters), and counted under the reason. */
  | { readonly index: number; readonly is: 'drop'; readonly reason: string }
  /**
   * Consumed by intent (filtered, sampled, aggregated): counted as filtered under the reason. Covers all of `rows`, of
   * which `index` is the first, so that a filter returns no object per row.
   */
  | { readonly index: number; readonly is: 'filter'; readonly reason: string; readonly rows: Uint32Array }
