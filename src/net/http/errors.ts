import { messageOf, WeirError, type ErrorCode } from '../../model/errors.ts'
import { withoutUrlSecrets } from '../../model/url-text.ts'

/**
 * `network`: a failure below HTTP. `too_large`: the decoded body exceeds the limit. `redirect`: too many, or not
 * followed.
 */
type HttpFailure = 'timeout' | 'aborted' | 'network' | 'too_large' | 'redirect' | 'encoding'

const codes = {
  timeout: 'WEIR_HTTP_UNANSWERED',
  aborted: 'WEIR_HTTP_UNANSWERED',
  network: 'WEIR_HTTP_UNANSWERED',
  too_large: 'WEIR_HTTP_TOO_LARGE',
  redirect: 'WEIR_HTTP_REDIRECTED',
  encoding: 'WEIR_HTTP_ENCODING',
} as const satisfies Record<HttpFailure, ErrorCode>

/** A request without a usable response. URLs in the message have neither credentials nor a query. */
export class HttpError extends WeirError {
  readonly kind: HttpFailure

  constructor(kind: HttpFailure, message: string, options?: { cause?: unknown }) {
    super(codes[kind], withoutUrlSecrets(message), options)
    this.name = 'HttpError'
    this.kind = kind
  }
}

export function aborted(): HttpError {
  return new HttpError('aborted', 'aborted before the response was complete')
}

export function networkError(error: unknown): HttpError {
  if (error instanceof HttpError) return error
  return new HttpError('network', describe(error), { cause: error })
}

function describe(error: unknown) {
  if (error instanceof AggregateError && error.errors.length > 0)
    return (error.errors as unknown[]).map((value) => messageOf(value)).join('; ')
  if (error instanceof Error && error.message === '') return error.name
  return messageOf(error)
}
