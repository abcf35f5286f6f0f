import type { QueryProblem } from '../query/index.ts'

/** Why an operation gives no result. */
export type RefusalCode =
  | 'WEIR_API_BODY'
  | 'WEIR_API_CONFLICT'
  | 'WEIR_API_FILTER'
  | 'WEIR_API_FORBIDDEN'
  | 'WEIR_API_INCIDENTS'
  | 'WEIR_API_INVALID'
  | 'WEIR_API_LIMIT'
  | 'WEIR_API_MEDIA_TYPE'
  | 'WEIR_API_NOT_FOUND'
  | 'WEIR_API_NO_STORE'
  | 'WEIR_API_SAVED'
  | 'WEIR_API_TOO_LARGE'

/** Thrown by operations for requests that they cannot answer. `errors`: those of a text in the request. */
export class Refusal extends Error {
  readonly code: RefusalCode
  readonly hints: readonly string[]
  readonly errors: readonly QueryProblem[] | undefined

  constructor(code: RefusalCode, message: string, hints: readonly string[] = [], errors?: readonly QueryProblem[]) {
    super(message)
    this.name = 'Refusal'
    this.code = code
    this.hints = hints
    this.errors = errors
  }
}
