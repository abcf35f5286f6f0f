/** Expected failure of a poll; its message states the reason and what to do. Other errors are defects of Weir. */
export class PollError extends Error {
  /** Wait that the API requires, in ms. */
  readonly afterMs: number
  /** A retry of the same request may succeed. */
  readonly mayPass: boolean

  constructor(
    message: string,
    {
      cause,
      afterMs = 0,
      mayPass = false,
    }: { readonly cause?: unknown; readonly afterMs?: number; readonly mayPass?: boolean } = {},
  ) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'PollError'
    this.afterMs = afterMs
    this.mayPass = mayPass
  }
}

/**
 * `no_list`: success without the expected list. `count`: the length of the list differs from the stated one.
 * `repeated_token`: the next page was read before. `unreadable`: no JSON, or truncated.
 */
export type ResponseFault = 'no_list' | 'count' | 'repeated_token' | 'unreadable'

/** A success that cannot be complete. The poller counts and retries it, and the checkpoint stays. */
export class ResponseError extends PollError {
  override readonly name = 'ResponseError'
  readonly fault: ResponseFault

  constructor(fault: ResponseFault, message: string, cause?: unknown) {
    super(message, { mayPass: true, ...(cause === undefined ? {} : { cause }) })
    this.fault = fault
  }
}
