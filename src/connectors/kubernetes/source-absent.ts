import type { Clock } from '../../host/index.ts'

/** A restarting server lacks types for a moment: only a longer absence counts. */
export const goneMs = 10_000

/** Collections that the server no longer has. */
export class AbsentTypes {
  /** Monotonic time since each disappeared. */
  readonly #since = new Map<string, number>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get any(): boolean {
    return this.#since.size > 0
  }

  present(key: string): void {
    this.#since.delete(key)
  }

  /** Records an absence; true, once, if it has lasted long enough. */
  isGone(key: string): boolean {
    const now = this.#clock.monotonic()
    const since = this.#since.get(key) ?? now
    const gone = now - since >= goneMs
    if (gone) this.#since.delete(key)
    else this.#since.set(key, since)
    return gone
  }
}
