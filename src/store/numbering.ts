export class Numbering<T, First = never> {
  readonly list: (T | First)[]
  readonly #numbers = new Map<T, number>()

  constructor(first: readonly First[] = []) {
    this.list = [...first]
  }

  number(value: T): number {
    let number = this.#numbers.get(value)
    if (number === undefined) {
      number = this.list.length
      this.list.push(value)
      this.#numbers.set(value, number)
    }
    return number
  }
}
