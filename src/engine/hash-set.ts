import type { Hash } from './murmur.ts'

export type { Hash }

/** A set of 128-bit hashes by open addressing over 32-bit words: 32 bytes an entry at most, no object per entry. */
export class HashSet {
  #table: Uint32Array
  #mask: number
  #size = 0

  constructor(entries = 1024) {
    let slots = 1024
    while (slots < entries * 2) slots *= 2
    this.#table = new Uint32Array(slots * 4)
    this.#mask = slots - 1
  }

  static of(words: Uint32Array): HashSet {
    const set = new HashSet(words.length / 4)
    for (let i = 0; i + 3 < words.length; i += 4) set.add([words[i] ?? 0, words[i + 1] ?? 0, words[i + 2] ?? 0, words[i + 3] ?? 0])
    return set
  }

  get size(): number {
    return this.#size
  }

  has(hash: Hash): boolean {
    return this.#find(hash) < 0
  }

  add(hash: Hash): void {
    const at = this.#find(hash)
    if (at < 0) return
    this.#table.set(full(hash), at)
    this.#size++
    if (this.#size * 2 > this.#mask) this.#grow()
  }

  /** All hashes, four words each, in no order. */
  words(): Uint32Array {
    const words = new Uint32Array(this.#size * 4)
    let to = 0
    for (let at = 0; at < this.#table.length; at += 4) {
      if (this.#isFree(at)) continue
      words.set(this.#table.subarray(at, at + 4), to)
      to += 4
    }
    return words
  }

  #isFree(at: number): boolean {
    return (this.#table[at] ?? 0) === 0
  }

  /** Index of the free slot where the hash belongs, or -1 when it is there already. */
  #find(hash: Hash): number {
    const [a, b, c, d] = full(hash)
    let slot = b & this.#mask
    for (;;) {
      const at = slot * 4
      const first = this.#table[at] ?? 0
      if (first === 0) return at
      if (first === a && this.#table[at + 1] === b && this.#table[at + 2] === c && this.#table[at + 3] === d) return -1
      slot = (slot + 1) & this.#mask
    }
  }

  #grow(): void {
    const old = this.#table
    const slots = (this.#mask + 1) * 2
    this.#table = new Uint32Array(slots * 4)
    this.#mask = slots - 1
    this.#size = 0
    for (let at = 0; at < old.length; at += 4) {
      if ((old[at] ?? 0) !== 0) this.add([old[at] ?? 0, old[at + 1] ?? 0, old[at + 2] ?? 0, old[at + 3] ?? 0])
    }
  }
}

/** A first word of 0 marks a free slot, so a hash that begins with 0 is kept as one that begins with 1. */
function full(hash: Hash): Hash {
  return hash[0] === 0 ? [1, hash[1], hash[2], hash[3]] : hash
}
