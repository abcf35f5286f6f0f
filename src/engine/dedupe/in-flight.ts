import type { Hash } from './hash-set.ts'

/** Beyond this the oldest are forgotten: an event of them that comes again is accepted once more, under its id. */
const most = 500_000

/** Events that a sink has not settled, by the hash of source and id, with the sequence of their frame. In memory only: after a restart all may come again. */
export class InFlight {
  /** In the order of the journal. */
  readonly #sequences = new Map<string, number>()

  add(hashes: readonly Hash[], sequence: number): void {
    for (const hash of hashes) this.#sequences.set(hash.join(), sequence)
    for (const oldest of this.#sequences.keys()) {
      if (this.#sequences.size <= most) return
      this.#sequences.delete(oldest)
    }
  }

  /** The sink has settled everything up to here. */
  settled(sequence: number): void {
    for (const [key, at] of this.#sequences) {
      if (at > sequence) return
      this.#sequences.delete(key)
    }
  }

  sequenceOf(hash: Hash): number | undefined {
    return this.#sequences.get(hash.join())
  }
}
