export class PollError extends Error {
  readonly afterMs: number
  /** A retry of the same request may succeed. */
  readonly mayPass: boolean

  constructor(
    message: string,
    { cause, afterMs = 0, mayPass = false }: { cause?: unknown; afterMs?: number; mayPass?: boolean } = {},
  ) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'PollError'
    this.afterMs = afterMs
    this.mayPass = mayPass
  }
}

/** `no_list`: success without the list. `count`: its length differs from the stated one. `unreadable`: not JSON. */
type ResponseFault = 'no_list' | 'count' | 'repeated_token' | 'unreadable'

export class ResponseError extends PollError {
  override readonly name = 'ResponseError'
  readonly fault: ResponseFault

  constructor(fault: ResponseFault, message: string, cause?: unknown) {
    super(message, { mayPass: true, ...(cause === undefined ? {} : { cause }) })
    this.fault = fault
  }
}
