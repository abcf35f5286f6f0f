import type { Host, Timer } from '../../host/index.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'

interface Waiting {
  readonly subject: string
  readonly signal: AbortSignal
  /** Deadline on the monotonic clock. */
  readonly late: number
  readonly settle: (outcome: Attempt) => void
}

/** Pending publishes by number, with one timer for all: a timer each would dominate the cost of a message. */
export class WaitingPublishes {
  readonly #host: Host
  readonly #ms: number
  readonly #lateOutcome: Attempt
  /** Oldest first. */
  readonly #waiting = new Map<number, Waiting>()
  #last = 0
  #timer: Timer | undefined

  /** After `ms` without an outcome it is `late`. */
  constructor(host: Host, { ms, late }: { readonly ms: number; readonly late: Attempt }) {
    this.#host = host
    this.#ms = ms
    this.#lateOutcome = late
  }

  /** Calls `begin` with the number for `settle`. */
  wait(subject: string, signal: AbortSignal, begin: (number: number) => void): Promise<Attempt> {
    return new Promise((resolve) => {
      const number = ++this.#last
      this.#waiting.set(number, { subject, signal, late: this.#host.clock.monotonic() + this.#ms, settle: resolve })
      this.#timer ??= this.#host.timers.after(this.#ms, () => {
        this.#giveUpLate()
      })
      begin(number)
    })
  }

  /** Undefined after it settled. */
  subjectOf(number: number): string | undefined {
    return this.#waiting.get(number)?.subject
  }

  /** Ignored after it settled. */
  settle(number: number, outcome: Attempt): void {
    this.#waiting.get(number)?.settle(outcome)
    this.#waiting.delete(number)
    if (this.#waiting.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  settleAll(outcome: Attempt, which: (waiting: Pick<Waiting, 'subject' | 'signal'>) => boolean = () => true): void {
    for (const [number, waiting] of this.#waiting) if (which(waiting)) this.settle(number, outcome)
  }

  #giveUpLate(): void {
    this.#timer = undefined
    const now = this.#host.clock.monotonic()
    for (const [number, { late }] of this.#waiting) {
      if (late > now) {
        this.#timer = this.#host.timers.after(late - now, () => {
          this.#giveUpLate()
        })
        return
      }
      this.settle(number, this.#lateOutcome)
    }
  }
}
