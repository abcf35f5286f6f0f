export class Coalescer<Item> {
  readonly #request: (items: readonly Item[]) => Promise<void>
  #items: Item[] = []
  #next: Promise<void> | undefined
  #underWay: Promise<void> = Promise.resolve()

  constructor(request: (items: readonly Item[]) => Promise<void>) {
    this.#request = request
  }

  add(items: readonly Item[]): Promise<void> {
    for (const item of items) this.#items.push(item)
    return (this.#next ??= this.#underWay.then(() => {
      this.#next = undefined
      const done = this.#request(this.#items.splice(0))
      this.#underWay = done.catch(() => undefined)
      return done
    }))
  }
}
