/** Why an operation gives no result. */
export type RefusalCode = 'WEIR_API_INVALID' | 'WEIR_API_NO_STORE'

/** Thrown by operations for requests that they cannot answer. */
export class Refusal extends Error {
  readonly code: RefusalCode
  readonly hints: readonly string[]

  constructor(code: RefusalCode, message: string, hints: readonly string[] = []) {
    super(message)
    this.name = 'Refusal'
    this.code = code
    this.hints = hints
  }
}
