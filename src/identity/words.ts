export class Words {
  readonly list: string[]
  readonly #codes: Map<string, number>
  used = false

  constructor(dictionary: readonly string[]) {
    this.list = [...dictionary]
    this.#codes = new Map(dictionary.map((text, code) => [text, code]))
  }

  code(text: string | undefined): number {
    if (text === undefined || text === '') return 0
    this.used = true
    let code = this.#codes.get(text)
    if (code === undefined) this.#codes.set(text, (code = this.list.push(text) - 1))
    return code
  }
}
