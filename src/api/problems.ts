import { errorTable, WeirError, type ErrorCode } from '../model/errors.ts'
import { withoutUndefined } from '../model/json.ts'
import { Refusal } from '../topics/refusal.ts'

/** Code, status, title. A code never changes its meaning. */
export const problemTable = {
  WEIR_API_NOT_FOUND: { status: 404, title: 'Not found' },
  WEIR_API_METHOD: { status: 405, title: 'Method not allowed here' },
  WEIR_API_INVALID: { status: 400, title: 'The request is not valid' },
  WEIR_API_FILTER: { status: 400, title: 'The filter is not valid' },
  WEIR_API_BODY: { status: 400, title: 'The body cannot be read' },
  WEIR_API_TOO_LARGE: { status: 413, title: 'Too large' },
  WEIR_API_HEADERS_TOO_LARGE: { status: 431, title: 'Headers too large' },
  WEIR_API_TIMEOUT: { status: 408, title: 'The request took too long to arrive' },
  WEIR_API_MEDIA_TYPE: { status: 415, title: 'Media type not supported' },
  WEIR_API_ENCODING: { status: 415, title: 'Content encoding not supported' },
  WEIR_API_EVENT: { status: 400, title: 'Not a valid CloudEvent' },
  WEIR_API_HOST: { status: 403, title: 'Host not allowed' },
  WEIR_API_ORIGIN: { status: 403, title: 'Origin not allowed' },
  WEIR_API_TOKEN: { status: 401, title: 'Authentication required' },
  WEIR_API_FORBIDDEN: { status: 403, title: 'Not allowed' },
  WEIR_API_CONFLICT: { status: 409, title: 'Changed since it was loaded' },
  WEIR_API_PROVIDER: { status: 503, title: 'The identity provider did not respond' },
  WEIR_API_LIMIT: { status: 429, title: 'Limit reached' },
  WEIR_API_RELOAD: { status: 422, title: 'Configuration rejected' },
  WEIR_API_DEAD_LETTERED: { status: 422, title: 'The sink rejected it' },
  WEIR_API_DROPPED: { status: 422, title: 'Dropped by the sink' },
  WEIR_API_PENDING: { status: 503, title: 'Not settled yet' },
  WEIR_API_NO_STORE: { status: 503, title: 'No store to query' },
  WEIR_API_ALERT: { status: 422, title: 'The alert rule cannot be evaluated' },
  WEIR_API_ALERT_RULES: { status: 503, title: 'Alert rules cannot be stored' },
  WEIR_API_INCIDENTS: { status: 503, title: 'Incidents cannot be stored' },
  WEIR_API_SAVED: { status: 503, title: 'Saved views cannot be stored' },
  WEIR_API_CLOSING: { status: 503, title: 'Shutting down' },
  WEIR_API_INTERNAL: { status: 500, title: 'Unexpected error' },
} as const satisfies Record<string, { status: number; title: string }>

type ProblemCode = keyof typeof problemTable

/** Default: 503 (temporary) or 500 (permanent). */
const statusOf: Partial<Record<ErrorCode, number>> = {
  WEIR_SQL_REFUSED: 400,
  WEIR_SQL_MEMORY: 422,
  WEIR_QUERY_MEMORY: 422,
  WEIR_QUERY_TIMEOUT: 504,
  WEIR_SQL_TIMEOUT: 504,
  WEIR_EVENT_TOO_LARGE: 413,
  WEIR_MEMORY_TOO_LARGE: 413,
  WEIR_DEAD_LETTER_EDIT: 400,
  WEIR_CONFIG_INVALID: 422,
  WEIR_SINK_UNKNOWN: 404,
  WEIR_SINK_CONFIGURED: 409,
  WEIR_SOURCE_UNKNOWN: 404,
}

/** RFC 9457, section 3. */
export type Problem = Readonly<{
  type: string
  title: string
  status: number
  detail: string
  code: string
  hints: readonly string[]
  errors?: readonly TextProblem[]
}>

/** At [from, to) in UTF-16 units. */
export type TextProblem = Readonly<{
  from: number
  to: number
  message: string
  hint?: string
}>

type Extra = Readonly<{
  hints?: readonly string[]
  errors?: readonly TextProblem[]
  headers?: Readonly<Record<string, string>>
}>

export class ApiError extends Error {
  readonly code: ProblemCode
  readonly hints: readonly string[]
  readonly errors: readonly TextProblem[] | undefined
  readonly headers: Readonly<Record<string, string>>
  constructor(code: ProblemCode, detail: string, extra: Extra = {}) {
    super(detail)
    this.name = 'ApiError'
    this.code = code
    this.hints = extra.hints ?? []
    this.errors = extra.errors
    this.headers = extra.headers ?? {}
  }
}

export type ProblemAnswer = Readonly<{
  problem: Problem
  headers: Readonly<Record<string, string>>
  unexpected: boolean
}>

function typeOf(code: string) {
  return `urn:weir:problem:${code
    .toLowerCase()
    .replace(/^weir_/, '')
    .replaceAll('_', '-')}`
}

const retryAfter = { 'retry-after': '1' }

export function toProblem(thrown: unknown): ProblemAnswer {
  const error =
    thrown instanceof Refusal
      ? new ApiError(thrown.code, thrown.message, {
          hints: thrown.hints,
          ...withoutUndefined({ errors: thrown.errors }),
        })
      : thrown
  if (error instanceof ApiError) {
    const { status, title } = problemTable[error.code]
    const problem = {
      type: typeOf(error.code),
      title,
      status,
      detail: error.message,
      code: error.code,
      hints: error.hints,
      ...(error.errors === undefined ? {} : { errors: error.errors }),
    }
    return { problem, headers: { ...(status === 503 ? retryAfter : {}), ...error.headers }, unexpected: false }
  }
  if (error instanceof WeirError) {
    const status = statusOf[error.code] ?? (error.retry ? 503 : 500)
    const title = error.code.replace('WEIR_', '').replaceAll('_', ' ').toLowerCase()
    const problem = {
      type: typeOf(error.code),
      title,
      status,
      detail: error.message,
      code: error.code,
      hints: [errorTable[error.code].advice],
    }
    return { problem, headers: status === 503 ? retryAfter : {}, unexpected: status === 500 }
  }
  const ofFramework = frameworkError(error)
  if (ofFramework !== undefined) return toProblem(ofFramework)
  const { status, title } = problemTable.WEIR_API_INTERNAL
  const detail = 'The server failed with an unexpected error; its log has the details.'
  return {
    problem: { type: typeOf('WEIR_API_INTERNAL'), title, status, detail, code: 'WEIR_API_INTERNAL', hints: [] },
    headers: {},
    unexpected: true,
  }
}

function frameworkError(error: unknown): ApiError | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined
  const status = Number(error.statusCode)
  if (status === 413) return new ApiError('WEIR_API_TOO_LARGE', error.message)
  if (status === 415) return new ApiError('WEIR_API_MEDIA_TYPE', error.message)
  if (status >= 400 && status < 500) return new ApiError('WEIR_API_INVALID', error.message)
  return undefined
}
