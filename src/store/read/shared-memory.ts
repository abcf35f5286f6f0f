import type { Timers } from '../../host/index.ts'
import { Permits } from '../../host/permits.ts'
import { hasCode } from '../../model/errors.ts'

const quietMs = 10_000
const lookMs = 20
const maxTries = 4

/** Queries share one memory limit: one that fails beside others runs again when they have ended, one at a time. */
export class SharedMemory {
  readonly #timers: Timers
  readonly #again = new Permits(1)
  #running = 0
  #begun = 0

  constructor(timers: Timers) {
    this.#timers = timers
  }

  /** Until the returned function is called, a query uses memory. */
  begin(): () => void {
    this.#running++
    this.#begun++
    return () => void this.#running--
  }

  /** `query` calls {@link begin} once. A failure without other queries is thrown, and so is the last one. */
  async use<Value>(query: () => Promise<Value>, signal: AbortSignal): Promise<Value> {
    let isWaiting = false
    try {
      for (let tries = 1; ; tries++) {
        const [beside, begun] = [this.#running, this.#begun]
        try {
          return await query()
        } catch (error) {
          const isAlone = beside === 0 && this.#begun <= begun + 1
          if (isAlone || tries === maxTries || !hasCode(error, 'WEIR_QUERY_MEMORY')) throw error
        }
        if (!isWaiting) await this.#again.take(signal)
        isWaiting = true
        for (let waited = 0; this.#running > 0 && waited < quietMs; waited += lookMs)
          await this.#timers.sleep(lookMs, signal)
      }
    } finally {
      if (isWaiting) this.#again.release()
    }
  }
}
