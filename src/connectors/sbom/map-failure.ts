/** Why a registry gives no document. `digest`: the content is not what its digest states. */
export type Failure =
  | 'unauthorized'
  | 'not_found'
  | 'rate_limited'
  | 'status'
  | 'network'
  | 'timeout'
  | 'redirect'
  | 'too_large'
  | 'malformed'
  | 'digest'
  | 'aborted'

/** Failures of the registry as a whole: the other images are not read either. */
const general: ReadonlySet<Failure> = new Set(['rate_limited', 'network', 'timeout', 'aborted'])

export class Failed extends Error {
  readonly reason: Failure
  /** The registry names a time, in ms. */
  readonly afterMs: number | undefined

  constructor(reason: Failure, message: string, afterMs?: number) {
    super(message)
    this.reason = reason
    this.afterMs = afterMs
  }

  get isGeneral(): boolean {
    return general.has(this.reason)
  }
}
