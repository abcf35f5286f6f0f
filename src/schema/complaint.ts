export class Complaint {
  readonly message: string
  readonly hint: string | undefined
  readonly path: readonly (string | number)[]

  constructor(message: string, hint?: string, path: readonly (string | number)[] = []) {
    this.message = message
    this.hint = hint
    this.path = path
  }
}
