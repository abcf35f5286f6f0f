/** Why there are no events, in words, with what to do. Anything else that is thrown is a fault of ours. */
export class PollError extends Error {
  /** The other side wants us to wait, in ms. */
  readonly afterMs: number
  /** The same request may do better soon. */
  readonly mayPass: boolean

  constructor(message: string, { cause, afterMs = 0, mayPass = false }: { readonly cause?: unknown; readonly afterMs?: number; readonly mayPass?: boolean } = {}) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'PollError'
    this.afterMs = afterMs
    this.mayPass = mayPass
  }
}

/** `no_list`: success without the expected list. `count`: the list is not as long as the answer states. `repeated_token`: the next page is one that was read. `unreadable`: no or truncated JSON. */
export type ResponseFault = 'no_list' | 'count' | 'repeated_token' | 'unreadable'

/** A success that cannot be the whole truth. The engine counts and retries it, and the checkpoint stays. */
export class ResponseError extends PollError {
  override readonly name = 'ResponseError'
  readonly fault: ResponseFault

  constructor(fault: ResponseFault, message: string, cause?: unknown) {
    super(message, { mayPass: true, ...(cause === undefined ? {} : { cause }) })
    this.fault = fault
  }
}
