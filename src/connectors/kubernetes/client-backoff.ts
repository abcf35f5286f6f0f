import type { Random } from '../../host/index.ts'
import type { ReaderState } from './client-types.ts'

const [firstMs, mostMs] = [800, 30_000]
/** Longest interval for problems that need an administrator. */
const maxBackoffMs = 600_000
const seldom: readonly ReaderState[] = ['forbidden', 'missing', 'unwatchable']

/** Exponential backoff with jitter, so that many readers do not retry at once. */
export class Backoff {
  readonly #random: Random
  #tries = 0

  constructor(random: Random) {
    this.#random = random
  }

  reset(): void {
    this.#tries = 0
  }

  next(state: ReaderState, leastMs = 0): number {
    const most = Math.min(seldom.includes(state) ? maxBackoffMs : mostMs, firstMs * 2 ** this.#tries++)
    return leastMs + Math.ceil(this.#random.next() * most)
  }
}
