import { messageOf, WeirError } from '../../model/errors.ts'

export type RefusalReason = 'unauthorized' | 'wrong_request' | 'too_large' | 'unreadable' | 'busy' | 'not_synced'

export class PushRefused extends Error {
  readonly status: number
  readonly reason: RefusalReason
  /** Further headers of the response. */
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, reason: RefusalReason, message: string, headers: PushRefused['headers'] = {}) {
    super(message)
    this.status = status
    this.reason = reason
    this.headers = headers
  }
}

export function tooLarge(maxBytes: number): PushRefused {
  return new PushRefused(413, 'too_large', `The request has more than ${maxBytes} bytes: raise \`max_body\`.`)
}

/** Concerns the whole request, not the row that is being decoded. */
export function isRefusal(error: unknown): error is PushRefused | WeirError {
  return error instanceof PushRefused || error instanceof WeirError
}

/** The refusal for an error of a decoder. */
export function malformed(error: unknown): PushRefused | WeirError {
  if (isRefusal(error)) return error
  return new PushRefused(400, 'unreadable', `The request is malformed: ${messageOf(error)}.`)
}

/** The refusal for an error of a decoder or of the append. */
export function refusalOf(error: unknown): PushRefused {
  if (error instanceof PushRefused) return error
  const code = error instanceof WeirError ? error.code : undefined
  const message = messageOf(error)
  if (code === 'WEIR_MEMORY_BUSY') return new PushRefused(503, 'busy', `Send the request again: ${message}.`)
  if (code === 'WEIR_MEMORY_TOO_LARGE')
    return new PushRefused(413, 'too_large', `Send smaller requests, or raise \`decoding.memory\`: ${message}.`)
  return new PushRefused(503, 'not_synced', `Append failed: ${message}`)
}
