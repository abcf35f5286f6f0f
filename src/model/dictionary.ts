export class DictionaryBuilder {
  readonly strings: string[] = ['']
  readonly #codes = new Map<string, number>()

  /** An empty string is a value; only `undefined` is absent. */
  code(text: string | undefined): number {
    if (text === undefined) return 0
    const existing = this.#codes.get(text)
    if (existing !== undefined) return existing
    const code = this.strings.length
    this.strings.push(text)
    this.#codes.set(text, code)
    return code
  }
}
