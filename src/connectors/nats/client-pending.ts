import type { Host, Timer } from '../../host/index.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'

type PendingPublish = Readonly<{
  subject: string
  signal: AbortSignal
  late: number
  settle: (outcome: Attempt) => void
}>

/** Pending publishes by number. One timer serves all, because a timer costs more than a message. */
export class PendingPublishes {
  readonly #host: Host
  readonly #ms: number
  readonly #timeoutOutcome: Attempt
  readonly #pending = new Map<number, PendingPublish>()
  #last = 0
  #timer: Timer | undefined

  constructor(host: Host, { ms, late }: { ms: number; late: Attempt }) {
    this.#host = host
    this.#ms = ms
    this.#timeoutOutcome = late
  }

  add(subject: string, signal: AbortSignal, begin: (number: number) => void): Promise<Attempt> {
    return new Promise((resolve) => {
      const number = ++this.#last
      this.#pending.set(number, { subject, signal, late: this.#host.clock.monotonic() + this.#ms, settle: resolve })
      this.#timer ??= this.#host.timers.after(this.#ms, () => {
        this.#expire()
      })
      begin(number)
    })
  }

  subjectOf(number: number): string | undefined {
    return this.#pending.get(number)?.subject
  }

  settle(number: number, outcome: Attempt): void {
    this.#pending.get(number)?.settle(outcome)
    this.#pending.delete(number)
    if (this.#pending.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  settleAll(
    outcome: Attempt,
    which: (waiting: Pick<PendingPublish, 'subject' | 'signal'>) => boolean = () => true,
  ): void {
    for (const [number, waiting] of this.#pending) if (which(waiting)) this.settle(number, outcome)
  }

  #expire() {
    this.#timer = undefined
    const now = this.#host.clock.monotonic()
    for (const [number, { late }] of this.#pending) {
      if (late > now) {
        this.#timer = this.#host.timers.after(late - now, () => {
          this.#expire()
        })
        return
      }
      this.settle(number, this.#timeoutOutcome)
    }
  }
}
