/** The reason why a value is invalid, and advice. */
export class Complaint {
  readonly message: string
  readonly hint: string | undefined
  /** Path inside a group; empty: the value itself. */
  readonly path: readonly (string | number)[]

  constructor(message: string, hint?: string, path: readonly (string | number)[] = []) {
    this.message = message
    this.hint = hint
    this.path = path
  }
}
