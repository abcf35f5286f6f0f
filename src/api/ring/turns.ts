import type { Timers } from '../../host/index.ts'

/**
 * Lets several scans go on side by side, one piece in each turn of the event loop: however many are asked at once, everything else of
 * the process waits for one piece only.
 */
export class Turns {
  readonly #timers: Timers
  readonly #waiting: (() => void)[] = []
  #going = false

  constructor(timers: Timers) {
    this.#timers = timers
  }

  /** Resolves when it is one's turn; who is in a hurry goes before all others. */
  next(hurry = false): Promise<void> {
    return new Promise((resolve) => {
      if (hurry) this.#waiting.unshift(resolve)
      else this.#waiting.push(resolve)
      if (!this.#going) this.#go().catch(() => {})
    })
  }

  async #go(): Promise<void> {
    this.#going = true
    while (this.#waiting.length > 0) {
      await this.#timers.yield()
      this.#waiting.shift()?.()
    }
    this.#going = false
  }
}
