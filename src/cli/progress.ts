import { self } from '../host/process.ts'

export class Progress {
  readonly #what: string
  readonly #total: number
  readonly #visible = process.stderr.isTTY === true
  #done = 0
  #shown = -1

  constructor(what: string, total: number) {
    this.#what = what
    this.#total = total
  }

  add(bytes: number): void {
    this.#done += bytes
    const percent = this.#total === 0 ? 100 : Math.min(100, Math.floor((100 * this.#done) / this.#total))
    if (!this.#visible || percent === this.#shown) return
    this.#shown = percent
    self.stderr(`\r${this.#what} ${percent} %`)
  }

  end(): void {
    if (this.#visible && this.#shown >= 0) self.stderr('\r\x1b[K')
  }
}
