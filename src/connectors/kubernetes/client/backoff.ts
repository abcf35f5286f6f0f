import { backoffMs } from '../../../host/backoff.ts'
import type { Random } from '../../../host/index.ts'
import type { ReaderState } from './types.ts'

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

  /** Before a list that replaces a broken watch: never at once, as client-go waits. */
  beforeList(leastMs = 0): number {
    const limits = { firstMs: 2 * firstMs, maxMs, jitter: 0.5 }
    return leastMs + Math.ceil(backoffMs(limits, this.#tries++, this.#random.next()))
  }

  next(state: ReaderState, leastMs = 0): number {
    const limits = { firstMs, maxMs: seldom.includes(state) ? maxSeldomMs : maxMs, jitter: 1 }
    return leastMs + Math.ceil(backoffMs(limits, this.#tries++, this.#random.next()))
  }
}
