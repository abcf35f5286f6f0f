import type { Random } from '../../host/index.ts'
import type { ReaderState } from './client-types.ts'

const [firstMs, mostMs] = [800, 30_000]
/** What somebody has to allow or to install is asked for less and less often. */
const seldomMs = 600_000
const seldom: readonly ReaderState[] = ['forbidden', 'missing', 'unwatchable']

/** How long to wait before the next try: twice as long each time, of which a random part, so that many readers do not come at once. */
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
    const most = Math.min(seldom.includes(state) ? seldomMs : mostMs, firstMs * 2 ** this.#tries++)
    return leastMs + Math.ceil(this.#random.next() * most)
  }
}
