import type { Problem, TextProblem } from '../../../src/api/published.ts'
import { generalText } from '../text/general.ts'

/** What a hint adds to the message, which those of a filter repeat with its place; the filter box marks the place. */
export function hintText(hint: string, message: string): string {
  const text = hint.replace(/^At \d+(?:–\d+)?: /, '')
  return text.startsWith(message) ? text.slice(message.length).trim() : hint
}

export class ApiError extends Error {
  /** 0: no response. */
  readonly status: number
  readonly code: string
  readonly hints: readonly string[]
  readonly errors: readonly TextProblem[]
  readonly queryId: string | undefined
  /** Seconds; 0 if the server sent none. */
  readonly retryAfter: number

  /** `error`: the text of a response in the form of Prometheus. */
  constructor(
    status: number,
    problem: Partial<Problem> & { readonly query_id?: string; readonly error?: string },
    retryAfter = 0,
  ) {
    super(
      problem.detail ?? problem.error ?? (status === 0 ? generalText.noResponse : generalText.responseStatus(status)),
    )
    this.name = 'Refused'
    this.status = status
    this.code = problem.code ?? ''
    this.hints = problem.hints ?? (status === 0 ? [generalText.noResponseHint] : [])
    this.errors = problem.errors ?? []
    this.queryId = problem.query_id
    this.retryAfter = retryAfter
  }
}

export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError
    ? error
    : new ApiError(0, { detail: error instanceof Error ? error.message : String(error), hints: [] })
}

export async function apiErrorOf(answer: Response): Promise<ApiError> {
  const problem = (await answer.json().catch(() => ({}))) as Partial<Problem>
  return new ApiError(answer.status, problem, Number(answer.headers.get('retry-after') ?? 0))
}
