import type { Clock } from '../host/index.ts'
import type { Frame } from '../journal/types.ts'

export interface FeedIdentity {
  watching(): boolean
  /** Every frame in journal order; repeated ones are ignored. Does not reject. */
  take(frames: readonly Frame[]): Promise<void>
}

/** Address holders are up to two seconds late. */
const settleMs = 3500
const maxWaiting = 64 << 20

/** Delays flows, and all frames behind them, until identity is up to date. */
export class DelayedFrames {
  readonly #clock: Clock
  readonly #identity: FeedIdentity | undefined
  #frames: Readonly<{ frame: Frame; readyAt: number }>[] = []
  #bytes = 0

  constructor(clock: Clock, identity: FeedIdentity | undefined) {
    this.#clock = clock
    this.#identity = identity
  }

  get readyAt(): number {
    return this.#frames[0]?.readyAt ?? Infinity
  }

  readyUpTo(sequence: number): number {
    return this.#frames.findLast(({ frame }) => frame.header.sequence <= sequence)?.readyAt ?? -Infinity
  }

  get some(): boolean {
    return this.#frames.length > 0
  }

  async add(frames: readonly Frame[]): Promise<void> {
    await this.#identity?.take(frames)
    const watching = this.#identity?.watching() === true
    const [now, monotonic] = [this.#clock.now(), this.#clock.monotonic()]
    for (const frame of frames) {
      // The clock may be wrong.
      const wait =
        watching && frame.header.kind === 'flows'
          ? Math.min(settleMs, Math.max(0, frame.header.received + settleMs - now))
          : 0
      this.#frames.push({ frame, readyAt: monotonic + wait })
      this.#bytes += frame.header.rawBytes
    }
  }

  takeReady(): readonly Frame[] {
    const now = this.#clock.monotonic()
    const held = this.#frames.findIndex(({ frame, readyAt }) => {
      if (readyAt > now && this.#bytes <= maxWaiting) return true
      this.#bytes -= frame.header.rawBytes
      return false
    })
    const ready = held < 0 ? this.#frames : this.#frames.slice(0, held)
    this.#frames = held < 0 ? [] : this.#frames.slice(held)
    return ready.map(({ frame }) => frame)
  }
}
