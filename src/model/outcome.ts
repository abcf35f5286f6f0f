/** A closed union: one place acts on it and counts each drop and reject by its reason. */
export type Outcome =
  | { readonly is: 'pass' }
  | { readonly is: 'drop'; readonly reason: string }
  | { readonly is: 'reject'; readonly reason: string }

/** An event that a sink did not deliver; all others were delivered. */
export type Failure =
  /** The server is unavailable or busy, or the event was not attempted. */
  | { readonly index: number; readonly is: 'retry'; readonly reason: string; readonly afterMs?: number }
  /** Trying again cannot help: the event goes to the sink's dead letters. */
  | { readonly index: number; readonly is: 'reject'; readonly reason: string }
  /** Dropped by the sink's own rule (a transform that filters): counted as dropped under the reason. */
  | { readonly index: number; readonly is: 'drop'; readonly reason: string }
