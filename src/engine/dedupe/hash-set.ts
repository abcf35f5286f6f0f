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
    for (let i = 0; i + 3 < words.length; i += 4)
      set.add([words[i] ?? 0, words[i + 1] ?? 0, words[i + 2] ?? 0, words[i + 3] ?? 0])
    return set
  }

  get size(): number {
    return this.#size
  }

  has(hash: Hash): boolean {
    return !this.#isFree(this.#slotOf(hash) * 4)
  }

  add(hash: Hash): void {
    const at = this.#slotOf(hash) * 4
    if (!this.#isFree(at)) return
    this.#table.set(full(hash), at)
    this.#size++
    if (this.#size * 2 > this.#mask) this.#grow()
  }

  /** Entries behind the gap that were pushed on from before it move up, so that every search still ends where it should. */
  delete(hash: Hash): void {
    let gap = this.#slotOf(hash)
    if (this.#isFree(gap * 4)) return
    this.#size--
    for (let slot = (gap + 1) & this.#mask; !this.#isFree(slot * 4); slot = (slot + 1) & this.#mask) {
      const home = (this.#table[slot * 4 + 1] ?? 0) & this.#mask
      const stays = gap <= slot ? gap < home && home <= slot : gap < home || home <= slot
      if (stays) continue
      this.#table.copyWithin(gap * 4, slot * 4, slot * 4 + 4)
      gap = slot
    }
    this.#table.fill(0, gap * 4, gap * 4 + 4)
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

  /** The slot that holds the hash, or the free one where it belongs. */
  #slotOf(hash: Hash): number {
    const [a, b, c, d] = full(hash)
    let slot = b & this.#mask
    for (;;) {
      const at = slot * 4
      const first = this.#table[at] ?? 0
      if (first === 0) return slot
      if (first === a && this.#table[at + 1] === b && this.#table[at + 2] === c && this.#table[at + 3] === d)
        return slot
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
