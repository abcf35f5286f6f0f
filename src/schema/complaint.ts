/** Why a written value was refused, and what to write instead. */
export class Complaint {
  readonly message: string
  readonly hint: string | undefined
  /** Where inside a group the complaint belongs; empty: the value itself. */
  readonly path: readonly (string | number)[]

  constructor(message: string, hint?: string, path: readonly (string | number)[] = []) {
    this.message = message
    this.hint = hint
    this.path = path
  }
}
