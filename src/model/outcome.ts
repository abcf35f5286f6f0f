/** One place acts on it and counts each drop and reject by its reason. */
export type Outcome =
  | { readonly is: 'pass' }
  | Readonly<{ is: 'drop'; reason: string }>
  | Readonly<{ is: 'reject'; reason: string }>
  /** Not passed on by intent: counted as filtered, not as a loss. */
  | Readonly<{ is: 'filter'; reason: string }>

/** The outcome of one event that a sink did not deliver; all others were delivered. */
export type Failure =
  /** Retry later: the server is unavailable or busy, or the event was not attempted. */
  | Readonly<{ index: number; is: 'retry'; reason: string; afterMs?: number }>
  /** Trying again cannot help: the event goes to the sink's dead letters. */
  | Readonly<{ index: number; is: 'reject'; reason: string }>
  /** Dropped by the sink's own rule (a transform that filters), and counted under the reason. */
  | Readonly<{ index: number; is: 'drop'; reason: string }>
  /** Filtered, sampled or aggregated. Covers all of `rows`, of which `index` is the first. */
  | Readonly<{ index: number; is: 'filter'; reason: string; rows: Uint32Array }>
