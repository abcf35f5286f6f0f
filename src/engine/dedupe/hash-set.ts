import { releaseBuffer } from '../../model/release-buffer.ts'

const smallest = 1024

/** 128-bit hashes, open addressing. A first word of 0 marks a free slot, and is stored as 1. */
export class HashSet {
  #table: Uint32Array
  #mask: number
  #size = 0

  constructor(entries = 0) {
    let slots = smallest
    while (slots < entries * 2) slots *= 2
    this.#table = new Uint32Array(slots * 4)
    this.#mask = slots - 1
  }

  static of(words: Uint32Array): HashSet {
    const set = new HashSet(words.length / 4)
    for (let at = 0; at + 3 < words.length; at += 4) set.add(words, at)
    return set
  }

  get size(): number {
    return this.#size
  }

  has(words: Uint32Array, at: number): boolean {
    return !this.#isFree(this.#slotOf(words, at) * 4)
  }

  /** False: it was there. */
  add(words: Uint32Array, at: number): boolean {
    const to = this.#slotOf(words, at) * 4
    if (!this.#isFree(to)) return false
    const table = this.#table
    table[to] = words[at] || 1
    table[to + 1] = words[at + 1]!
    table[to + 2] = words[at + 2]!
    table[to + 3] = words[at + 3]!
    this.#size++
    if (this.#size * 2 > this.#mask) this.#grow()
    return true
  }

  /** Closes the gap, so that searches end correctly. */
  delete(words: Uint32Array, at: number): void {
    let gap = this.#slotOf(words, at)
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

  /** Empties the set and frees its memory. */
  release(): void {
    releaseBuffer(this.#table)
    this.#table = new Uint32Array(smallest * 4)
    this.#mask = smallest - 1
    this.#size = 0
  }

  words(): Uint32Array {
    const [table, words] = [this.#table, new Uint32Array(this.#size * 4)]
    let to = 0
    for (let at = 0; at < table.length; at += 4) {
      if (this.#isFree(at)) continue
      words[to++] = table[at]!
      words[to++] = table[at + 1]!
      words[to++] = table[at + 2]!
      words[to++] = table[at + 3]!
    }
    return words
  }

  #isFree(at: number) {
    return (this.#table[at] ?? 0) === 0
  }

  #slotOf(words: Uint32Array, at: number): number {
    const a = words[at] || 1
    const b = words[at + 1]!
    const c = words[at + 2]!
    const d = words[at + 3]!
    const table = this.#table
    let slot = b & this.#mask
    for (;;) {
      const to = slot * 4
      const first = table[to]!
      if (first === 0) return slot
      if (first === a && table[to + 1] === b && table[to + 2] === c && table[to + 3] === d) return slot
      slot = (slot + 1) & this.#mask
    }
  }

  #grow() {
    const old = this.#table
    const slots = (this.#mask + 1) * 2
    this.#table = new Uint32Array(slots * 4)
    this.#mask = slots - 1
    this.#size = 0
    for (let at = 0; at < old.length; at += 4) if ((old[at] ?? 0) !== 0) this.add(old, at)
    releaseBuffer(old)
  }
}
