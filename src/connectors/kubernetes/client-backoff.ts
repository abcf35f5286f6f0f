import { backoffMs } from '../../host/backoff.ts'
import type { Random } from '../../host/index.ts'
import type { ReaderState } from './client-types.ts'

const [firstMs, maxMs] = [800, 30_000]
/** For problems that need an administrator. */
const maxSeldomMs = 600_000
const seldom: readonly ReaderState[] = ['forbidden', 'missing', 'unwatchable']

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
    const limits = { firstMs, maxMs: seldom.includes(state) ? maxSeldomMs : maxMs, jitter: 1 }
    return leastMs + Math.ceil(backoffMs(limits, this.#tries++, this.#random.next()))
  }
}
