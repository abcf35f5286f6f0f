export class Interner {
  readonly texts: string[] = ['']
  readonly #ids = new Map<string, number>([['', 0]])

  id(text: string): number {
    const existing = this.#ids.get(text)
    if (existing !== undefined) return existing
    const id = this.texts.length
    this.texts.push(text)
    this.#ids.set(text, id)
    return id
  }
}
