import type { JsMsg } from '@nats-io/jetstream'
import type { Timers } from '../../host/index.ts'

/** What a consumer had given out, when its reader came back. */
export interface GivenOut {
  /** Sequence of the newest message that was given out. */
  readonly newest: number
  /** Those up to there that nobody acknowledged. */
  readonly open: number
  /** Nothing newer is held for longer. */
  readonly mostMs: number
}

/**
 * Messages that were given out before, and not acknowledged, come before newer ones: those are held until the others have come.
 * Some never do, when the stream has dropped them.
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

  /** Those that are held are given out again, to whoever reads then. */
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
