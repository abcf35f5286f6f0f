import type { Clock } from '../../../host/index.ts'

export const goneMs = 10_000

export class AbsentTypes {
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

  isGone(key: string): boolean {
    const now = this.#clock.monotonic()
    const since = this.#since.get(key) ?? now
    const gone = now - since >= goneMs
    if (gone) this.#since.delete(key)
    else this.#since.set(key, since)
    return gone
  }
}
