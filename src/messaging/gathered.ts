/** Requests that each hold many: while one is under way, what comes gathers for the next. */
export class Gathered<Item> {
  readonly #request: (items: readonly Item[]) => Promise<void>
  #items: Item[] = []
  #next: Promise<void> | undefined
  #underWay: Promise<void> = Promise.resolve()

  /** `request` is never called again before it has settled. */
  constructor(request: (items: readonly Item[]) => Promise<void>) {
    this.#request = request
  }

  /** Settles as the request that these are in. */
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
