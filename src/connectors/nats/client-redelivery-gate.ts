import type { JsMsg } from '@nats-io/jetstream'
import type { Timers } from '../../host/index.ts'

export type DeliveredState = Readonly<{
  newest: number
  open: number
  maxWaitMs: number
}>

/** Delays new messages until unacknowledged ones are redelivered, for a limited time: they may be dropped. */
export class RedeliveryGate {
  readonly #newest: number
  readonly #emit: (message: JsMsg) => void
  readonly #missing: Readonly<{ count: number; redelivered: Set<number> }>
  readonly #timer: { cancel(): void } | undefined
  #delayed: JsMsg[] | undefined

  constructor({ newest, open, maxWaitMs }: DeliveredState, timers: Timers, emit: (message: JsMsg) => void) {
    this.#newest = newest
    this.#emit = emit
    this.#missing = { count: open, redelivered: new Set() }
    if (open === 0) return
    this.#delayed = []
    this.#timer = timers.after(maxWaitMs, () => {
      this.#release()
    })
  }

  get delayed(): readonly JsMsg[] {
    return this.#delayed ?? []
  }

  add(message: JsMsg): void {
    if (this.#delayed === undefined) return this.#emit(message)
    if (message.seq > this.#newest) {
      this.#delayed.push(message)
      return
    }
    this.#emit(message)
    this.#missing.redelivered.add(message.seq)
    if (this.#missing.redelivered.size >= this.#missing.count) this.#release()
  }

  drop(): readonly JsMsg[] {
    this.#timer?.cancel()
    return this.#delayed?.splice(0) ?? []
  }

  #release() {
    const delayed = this.drop()
    this.#delayed = undefined
    for (const message of delayed) this.#emit(message)
  }
}
