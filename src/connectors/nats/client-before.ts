import type { JsMsg } from '@nats-io/jetstream'
import type { Timers } from '../../host/index.ts'

/** Delivery state of a consumer when its reader reconnects. */
export interface GivenOut {
  /** Sequence of the newest delivered message. */
  readonly newest: number
  /** Unacknowledged messages up to there. */
  readonly open: number
  /** Maximum delay of newer messages. */
  readonly mostMs: number
}

/**
 * Delays newer messages until delivered and unacknowledged ones are redelivered, to keep the order. The delay is
 * limited, because the stream may have dropped some.
 */
export class BeforeNewer {
  readonly #newest: number
  readonly #hand: (message: JsMsg) => void
  readonly #missing: { readonly count: number; readonly came: Set<number> }
  readonly #timer: { cancel(): void } | undefined
  #held: JsMsg[] | undefined

  constructor({ newest, open, mostMs }: GivenOut, timers: Timers, hand: (message: JsMsg) => void) {
    this.#newest = newest
    this.#hand = hand
    this.#missing = { count: open, came: new Set() }
    if (open === 0) return
    this.#held = []
    this.#timer = timers.after(mostMs, () => {
      this.#release()
    })
  }

  get held(): readonly JsMsg[] {
    return this.#held ?? []
  }

  add(message: JsMsg): void {
    if (this.#held === undefined) return this.#hand(message)
    if (message.seq > this.#newest) {
      this.#held.push(message)
      return
    }
    this.#hand(message)
    this.#missing.came.add(message.seq)
    if (this.#missing.came.size >= this.#missing.count) this.#release()
  }

  /** Delayed messages, which the server redelivers to the next reader. */
  drop(): readonly JsMsg[] {
    this.#timer?.cancel()
    return this.#held?.splice(0) ?? []
  }

  #release(): void {
    const held = this.drop()
    this.#held = undefined
    for (const message of held) this.#hand(message)
  }
}
