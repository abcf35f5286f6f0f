import type { Clock, Timers } from '../../host/index.ts'

type FeedOptions = Readonly<{
  clock: Clock
  timers: Timers
  limit: number
  bytes: number
  linesPerSecond: number
  quietMs: number
}>

/** Never blocks the pipeline: lines over the limits are skipped, and `{"skipped":n}` counts them. */
export class TapFeed {
  readonly #options: FeedOptions
  #lines: string[] = []
  #waiting = 0
  #left: number
  #skipped = 0
  #ended = false
  #second = 0
  #inSecond = 0
  #wake: () => void = () => undefined

  constructor(options: FeedOptions) {
    this.#options = options
    this.#left = options.limit
  }

  /** How many of `rows` lines may be pushed; the others count as skipped. */
  room(rows: number): number {
    const { clock, linesPerSecond, bytes } = this.#options
    const second = Math.floor(clock.monotonic() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#inSecond = 0
    }
    const free = this.#waiting >= bytes ? 0 : linesPerSecond - this.#inSecond
    const take = Math.max(0, Math.min(rows, free, this.#left))
    this.#inSecond += take
    if (this.#left > take) this.#skipped += rows - take
    return take
  }

  skip(rows: number): void {
    this.#skipped += rows
  }

  push(line: string): void {
    if (this.#ended) return
    this.#left--
    this.#waiting += line.length
    this.#lines.push(`${line}\n`)
    if (this.#left === 0) this.#ended = true
    this.#wake()
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    // The first byte sends the headers.
    yield Buffer.from('\n')
    for (;;) {
      if (this.#lines.length === 0 && !this.#ended) await this.#more()
      if (this.#lines.length === 0 && this.#ended) return
      const skipped = this.#skipped > 0 ? `{"skipped":${this.#skipped}}\n` : ''
      const text = skipped + this.#lines.join('') || '\n'
      this.#lines = []
      this.#waiting = this.#skipped = 0
      yield Buffer.from(text)
    }
  }

  async #more() {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    const timer = this.#options.timers.after(this.#options.quietMs, resolve)
    await promise
    timer.cancel()
  }
}
