import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Clock } from '../../host/index.ts'

export const pauseMs = 30_000

/** After a failure a server gets one attempt in each pause, so that its timeouts delay no report for another one. */
export class Pause {
  readonly #clock: Pick<Clock, 'monotonic'>
  #reason: string | undefined
  #until = -Infinity

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** The last failure, while the server is paused. */
  problem(): string | undefined {
    if (this.#reason === undefined) return undefined
    const now = this.#clock.monotonic()
    if (now < this.#until) return this.#reason
    this.#until = now + pauseMs
    return undefined
  }

  record(attempt: Attempt): void {
    this.#reason = attempt?.is === 'retry' ? attempt.reason : undefined
    this.#until = this.#clock.monotonic() + pauseMs
  }
}
