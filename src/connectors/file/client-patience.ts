import type { Timers } from '../../host/index.ts'

/**
 * Waits for a write only so long. A write can't be taken back: one that was given up may still happen, so until it is
 * through nothing more begins, and retries can't pile up behind it.
 */
export class Patience {
  readonly #timers: Timers
  readonly #timeoutMs: number
  #stuck: Promise<void> | undefined

  constructor(timeoutMs: number, timers: Timers) {
    this.#timers = timers
    this.#timeoutMs = timeoutMs
  }

  /** Rejects in words for the user after the timeout, at once when the signal aborts, and while an earlier write is still under way. */
  async wait(act: () => Promise<void>, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#stuck !== undefined) throw new Error('an earlier write is still under way')
    const { promise: given, reject } = Promise.withResolvers<never>()
    const done = act()
    const giveUp = (reason: string): void => {
      const through = (): void => {
        this.#stuck = undefined
      }
      this.#stuck ??= done.then(through, through)
      reject(new Error(reason))
    }
    const timer = this.#timers.after(this.#timeoutMs, () => {
      giveUp(`not written within ${this.#timeoutMs} ms`)
    })
    const abort = (): void => {
      giveUp('the sink is stopping')
    }
    signal.addEventListener('abort', abort, { once: true })
    try {
      await Promise.race([done, given])
    } finally {
      timer.cancel()
      signal.removeEventListener('abort', abort)
    }
  }
}
