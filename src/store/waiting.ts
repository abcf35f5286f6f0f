/** Frames between the journal and the store. */
import type { Clock } from '../host/index.ts'
import type { Frame } from '../journal/types.ts'

export interface FeedIdentity {
  /** Some cluster is watched. */
  watching(): boolean
  /** Takes every frame, in order, as soon as it is read; one that it has taken before it passes over. Does not reject. */
  take(frames: readonly Frame[]): Promise<void>
}

/** So long flows wait, from their receipt on: news of who has their addresses comes up to two seconds later than they do, and takes its own way. */
const settleMs = 3500
/** Of uncompressed bodies that wait so; beyond it the oldest wait no longer. */
const mostWaiting = 64 << 20

/** Frames that were read: flows stay for a while, and what came after them stays behind them. Without identity nothing does. */
export class Waiting {
  readonly #clock: Clock
  readonly #identity: FeedIdentity | undefined
  #frames: { readonly frame: Frame; readonly ripeAt: number }[] = []
  #bytes = 0

  constructor(clock: Clock, identity: FeedIdentity | undefined) {
    this.#clock = clock
    this.#identity = identity
  }

  /** Monotonic ms at which the first may go on. */
  get ripeAt(): number {
    return this.#frames[0]?.ripeAt ?? Infinity
  }

  /** Monotonic ms at which nothing up to a sequence waits any more. */
  ripeUpTo(sequence: number): number {
    return this.#frames.findLast(({ frame }) => frame.header.sequence <= sequence)?.ripeAt ?? -Infinity
  }

  get some(): boolean {
    return this.#frames.length > 0
  }

  async add(frames: readonly Frame[]): Promise<void> {
    await this.#identity?.take(frames)
    const watching = this.#identity?.watching() === true
    const [now, monotonic] = [this.#clock.now(), this.#clock.monotonic()]
    for (const frame of frames) {
      // Whatever the clock does, it is no longer than this.
      const wait =
        watching && frame.header.kind === 'flows'
          ? Math.min(settleMs, Math.max(0, frame.header.received + settleMs - now))
          : 0
      this.#frames.push({ frame, ripeAt: monotonic + wait })
      this.#bytes += frame.header.rawBytes
    }
  }

  ripe(): readonly Frame[] {
    const now = this.#clock.monotonic()
    const held = this.#frames.findIndex(({ frame, ripeAt }) => {
      if (ripeAt > now && this.#bytes <= mostWaiting) return true
      this.#bytes -= frame.header.rawBytes
      return false
    })
    const ready = held < 0 ? this.#frames : this.#frames.slice(0, held)
    this.#frames = held < 0 ? [] : this.#frames.slice(held)
    return ready.map(({ frame }) => frame)
  }
}
