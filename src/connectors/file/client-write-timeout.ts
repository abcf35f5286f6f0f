import type { Timers } from '../../host/index.ts'

/** Limits the wait for a write. A write can't be cancelled, so no other begins until it ends. */
export class WriteTimeout {
  readonly #timers: Timers
  readonly #timeoutMs: number
  #stuck: Promise<void> | undefined

  constructor(timeoutMs: number, timers: Timers) {
    this.#timers = timers
    this.#timeoutMs = timeoutMs
  }

  /** Rejects at the timeout, at an abort, and while an earlier write is in progress. */
  async wait(act: () => Promise<void>, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#stuck !== undefined) throw new Error('an earlier write is still in progress')
    const { promise: given, reject } = Promise.withResolvers<never>()
    const done = act()
    const giveUp = (reason: string) => {
      const through = () => {
        this.#stuck = undefined
      }
      this.#stuck ??= done.then(through, through)
      reject(new Error(reason))
    }
    const timer = this.#timers.after(this.#timeoutMs, () => {
      giveUp(`not written within ${this.#timeoutMs} ms`)
    })
    const abort = () => {
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
