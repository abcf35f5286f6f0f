import { trimOldest } from '../../model/trim-oldest.ts'

/** Discarded events are accepted again if pushed again. */
const maxEntries = 500_000

export class InFlight {
  readonly #sequences = new Map<string, number>()

  add(hashes: Uint32Array, sequence: number): void {
    for (let at = 0; at < hashes.length; at += 4) this.#sequences.set(keyOf(hashes, at), sequence)
    trimOldest(this.#sequences, maxEntries)
  }

  settled(sequence: number): void {
    for (const [key, at] of this.#sequences) {
      if (at > sequence) return
      this.#sequences.delete(key)
    }
  }

  sequenceOf(words: Uint32Array, at: number): number | undefined {
    return this.#sequences.get(keyOf(words, at))
  }
}

const keyOf = (words: Uint32Array, at: number) => `${words[at]},${words[at + 1]},${words[at + 2]},${words[at + 3]}`
