/** What a step did with one event. Closed: one place acts on it, and each drop or reject has a reason that is counted. */
export type Outcome =
  | { readonly is: 'pass' }
  | { readonly is: 'drop'; readonly reason: string }
  | { readonly is: 'reject'; readonly reason: string }

/** What became of one event that a sink could not deliver; those not named were delivered. */
export type Failure =
  /** Try again later: the other side is away, busy, or the event was not attempted. */
  | { readonly index: number; readonly is: 'retry'; readonly reason: string; readonly afterMs?: number }
  /** Trying again cannot help: the event goes to the sink's dead letters. */
  | { readonly index: number; readonly is: 'reject'; readonly reason: string }
  /** Not meant to go on, by the sink's own rule (a transform that filters): counted as dropped under the reason. */
  | { readonly index: number; readonly is: 'drop'; readonly reason: string }
