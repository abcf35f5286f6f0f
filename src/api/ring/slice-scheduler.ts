import type { Timers } from '../../host/index.ts'

/** One slice per turn of the event loop, so that other work waits for at most one slice. */
export class SliceScheduler {
  readonly #timers: Timers
  readonly #waiting: (() => void)[] = []
  #going = false

  constructor(timers: Timers) {
    this.#timers = timers
  }

  next(priority: 'usual' | 'urgent' = 'usual'): Promise<void> {
    return new Promise((resolve) => {
      if (priority === 'urgent') this.#waiting.unshift(resolve)
      else this.#waiting.push(resolve)
      if (!this.#going) this.#go().catch(() => {})
    })
  }

  async #go() {
    this.#going = true
    while (this.#waiting.length > 0) {
      await this.#timers.yield()
      this.#waiting.shift()?.()
    }
    this.#going = false
  }
}
