import type { Host, Timer } from '../host/index.ts'

const shortMs = 100
/** A row is visible in live views within a second. */
const longMs = 800
/** A crash loses at most so many rows, or those of `shortMs`. */
const manyRows = 1000

/**
 * When the rows of a unit are handed over. `afterMs` of null follows the rate: 100 ms after the first row, but fewer
 * than 1,000 rows wait until 0.8 s have passed since the last unit, because each unit costs a sync.
 */
export class FlushTimer {
  readonly #host: Pick<Host, 'clock' | 'timers'>
  readonly #afterMs: number | null
  readonly #flush: () => boolean
  /** Only while rows wait: an idle source wakes no thread. */
  #timer: Timer | undefined
  #first = 0
  #last = -Infinity
  #isLong = false

  /** `flush` returns false if it must be tried again. */
  constructor(host: Pick<Host, 'clock' | 'timers'>, afterMs: number | null, flush: () => boolean) {
    this.#host = host
    this.#afterMs = afterMs
    this.#flush = flush
  }

  /** Call it after rows were added; `rows` wait now. */
  added(rows: number): void {
    if (this.#timer === undefined) {
      this.#first = this.#host.clock.monotonic()
      this.#start(this.#waitMs(rows))
    } else if (this.#isLong && rows >= manyRows) {
      this.#timer.cancel()
      this.#isLong = false
      this.#start(this.#first + shortMs - this.#host.clock.monotonic())
    }
  }

  /** Call it when no row waits any more. */
  sent(): void {
    this.cancel()
    if (this.#afterMs === null) this.#last = this.#host.clock.monotonic()
  }

  cancel(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #waitMs(rows: number): number {
    if (this.#afterMs !== null) return this.#afterMs
    const more = this.#last + longMs - this.#first
    this.#isLong = more > shortMs && rows < manyRows
    return this.#isLong ? more : shortMs
  }

  #start(ms: number) {
    this.#timer = this.#host.timers.after(Math.max(0, ms), () => {
      this.#timer = undefined
      this.#isLong = false
      if (!this.#flush()) this.#start(Math.min(this.#afterMs ?? shortMs, shortMs))
    })
  }
}
