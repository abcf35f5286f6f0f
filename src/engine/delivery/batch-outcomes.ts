import { trimOldest } from '../../model/trim-oldest.ts'
import type { SinkOutcome } from '../control.ts'
import type { SinkPiece } from '../contracts.ts'
import type { Rejected } from './send.ts'

type Waiter = Readonly<{
  sequence: number
  resolve: (outcome: SinkOutcome) => void
}>

const maxRetained = 1024

export class BatchOutcomes {
  #committed: number
  #waiters: Waiter[] = []
  /** Newest outcomes other than delivered: a frame may settle before it is requested. */
  readonly #unusual = new Map<number, SinkOutcome>()

  constructor(committed: number) {
    this.#committed = committed
  }

  get settled(): number {
    return this.#committed
  }

  get waiting(): number {
    return this.#waiters.length
  }

  of(sequence: number, signal?: AbortSignal): Promise<SinkOutcome> {
    if (sequence <= this.#committed) return Promise.resolve(this.#outcomeOf(sequence))
    return new Promise((resolve) => {
      const waiter: Waiter = { sequence, resolve }
      this.#waiters.push(waiter)
      const stop = () => {
        this.#waiters = this.#waiters.filter((candidate) => candidate !== waiter)
        resolve({ is: 'pending' })
      }
      if (signal?.aborted === true) stop()
      else signal?.addEventListener('abort', stop, { once: true })
    })
  }

  /** Undelivered rows; not durable yet. */
  settle(rejected: readonly Rejected[], dropped: readonly SinkPiece[]): void {
    for (const { piece, reason } of rejected) {
      const sinkOutcome = this.#unusual.get(piece.header.sequence)
      this.#unusual.set(
        piece.header.sequence,
        sinkOutcome?.is === 'dead-lettered'
          ? { ...sinkOutcome, rows: sinkOutcome.rows + 1 }
          : { is: 'dead-lettered', rows: 1, reason },
      )
    }
    for (const piece of dropped) this.#unusual.set(piece.header.sequence, { is: 'dropped', reason: 'behind' })
    trimOldest(this.#unusual, maxRetained)
  }

  close(): void {
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ is: 'pending' })
  }

  committed(sequence: number): void {
    this.#committed = Math.max(this.#committed, sequence)
    if (this.#waiters.length === 0) return
    const done = this.#waiters.filter((waiter) => waiter.sequence <= this.#committed)
    this.#waiters = this.#waiters.filter((waiter) => waiter.sequence > this.#committed)
    for (const waiter of done) waiter.resolve(this.#outcomeOf(waiter.sequence))
  }

  #outcomeOf(sequence: number) {
    return this.#unusual.get(sequence) ?? { is: 'delivered' }
  }
}
