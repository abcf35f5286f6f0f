export class Numbering<T, First = never> {
  readonly list: (T | First)[]
  readonly #numbers = new Map<T, number>()

  constructor(first: readonly First[] = []) {
    this.list = [...first]
  }

  number(value: T): number {
    let found = this.#numbers.get(value)
    if (found === undefined) {
      found = this.list.length
      this.list.push(value)
      this.#numbers.set(value, found)
    }
    return found
  }
}
