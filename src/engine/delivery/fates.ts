import type { Fate } from '../control.ts'
import type { SinkPiece } from '../ports.ts'
import type { Rejected } from './send.ts'

interface Waiter {
  readonly sequence: number
  readonly resolve: (fate: Fate) => void
}

/** Tells a source what became of its own batches at one sink, once that is durable. */
export class Fates {
  #committed: number
  #waiters: Waiter[] = []
  /** Fates other than delivered, by sequence of the frame; kept only while somebody waits. */
  readonly #unusual = new Map<number, Fate>()

  constructor(committed: number) {
    this.#committed = committed
  }

  get waiting(): number {
    return this.#waiters.length
  }

  /** Resolves when the frame is settled at this sink; `pending` when the signal aborts first. */
  of(sequence: number, signal: AbortSignal): Promise<Fate> {
    if (sequence <= this.#committed) return Promise.resolve({ is: 'delivered' })
    return new Promise((resolve) => {
      const waiter: Waiter = { sequence, resolve }
      this.#waiters.push(waiter)
      const stop = (): void => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter)
        resolve({ is: 'pending' })
      }
      if (signal.aborted) stop()
      else signal.addEventListener('abort', stop, { once: true })
    })
  }

  /** Everything up to `sequence` is settled, though not yet durable. */
  settle(sequence: number, rejected: readonly Rejected[], dropped: readonly SinkPiece[]): void {
    if (this.#waiters.length === 0) return
    for (const { piece } of rejected) {
      const known = this.#unusual.get(piece.header.sequence)
      this.#unusual.set(piece.header.sequence, { is: 'dead-lettered', rows: (known?.is === 'dead-lettered' ? known.rows : 0) + 1 })
    }
    for (const piece of dropped) this.#unusual.set(piece.header.sequence, { is: 'dropped', reason: 'behind' })
  }

  committed(sequence: number): void {
    this.#committed = Math.max(this.#committed, sequence)
    if (this.#waiters.length === 0) return
    const done = this.#waiters.filter((waiter) => waiter.sequence <= this.#committed)
    this.#waiters = this.#waiters.filter((waiter) => waiter.sequence > this.#committed)
    for (const waiter of done) waiter.resolve(this.#unusual.get(waiter.sequence) ?? { is: 'delivered' })
    if (this.#waiters.length === 0) this.#unusual.clear()
  }
}
