import type { Host } from '../../host/index.ts'

/** Below this a timer is coarser than what it waits for. */
const leastWaitMs = 2
/** Datagrams between two looks at the event loop when nothing is waited for. */
const burst = 64

/** Holds datagrams back until it is their time: the capture's pace, times a speed. */
export class Pace {
  readonly #host: Host
  readonly #speed: number
  readonly #signal: AbortSignal
  readonly #started: number
  #begin = Number.NaN
  #firstTime = Number.NaN
  #since = 0

  constructor(host: Host, speed: number, signal: AbortSignal) {
    this.#host = host
    this.#speed = speed
    this.#signal = signal
    this.#started = host.clock.monotonic()
  }

  /** The capture begins (again): the next datagram is sent at once. */
  round(): void {
    this.#firstTime = Number.NaN
  }

  seconds(): number {
    return (this.#host.clock.monotonic() - this.#started) / 1000
  }

  /** `time`: Unix ms of the capture; NaN is never waited for. */
  async wait(time: number): Promise<void> {
    const { clock, timers } = this.#host
    if (Number.isNaN(this.#firstTime)) {
      this.#firstTime = time
      this.#begin = clock.monotonic()
    }
    const due = this.#speed === Infinity ? Number.NaN : this.#begin + (time - this.#firstTime) / this.#speed
    const early = due - clock.monotonic()
    if (early >= leastWaitMs) await timers.sleep(early, this.#signal)
    else if (++this.#since % burst === 0) await timers.yield()
  }
}
