import { releaseBuffer } from '../../model/release-buffer.ts'

const smallest = 512

/**
 * 128-bit hashes in the order of their addition, and an index by open addressing. The hashes are two thirds of the
 * memory: free slots cost four bytes.
 */
export class HashSet {
  #words = new Uint32Array(smallest * 4)
  /** Number of the hash + 1; 0: free. At most half of the slots are used. */
  #index = new Uint32Array(smallest * 2)
  #size = 0
  #lent = false

  static of(words: Uint32Array): HashSet {
    const set = new HashSet()
    for (let at = 0; at + 3 < words.length; at += 4) set.add(words, at)
    return set
  }

  get size(): number {
    return this.#size
  }

  has(words: Uint32Array, at: number): boolean {
    return this.#index[this.#slotOf(words, at)] !== 0
  }

  /** False: it was there. */
  add(words: Uint32Array, at: number): boolean {
    const slot = this.#slotOf(words, at)
    if (this.#index[slot] !== 0) return false
    const to = this.#size * 4
    this.#words[to] = words[at]!
    this.#words[to + 1] = words[at + 1]!
    this.#words[to + 2] = words[at + 2]!
    this.#words[to + 3] = words[at + 3]!
    this.#index[slot] = ++this.#size
    if (this.#size * 4 === this.#words.length) this.#grow()
    return true
  }

  /** The last hash takes its place. */
  delete(words: Uint32Array, at: number): void {
    const slot = this.#slotOf(words, at)
    const number = this.#index[slot]!
    if (number === 0) return
    this.#closeGap(slot)
    const last = this.#size - 1
    if (number <= last) {
      this.#index[this.#slotOf(this.#words, last * 4)] = number
      this.#words.copyWithin((number - 1) * 4, last * 4, last * 4 + 4)
    }
    this.#size = last
  }

  /** Empties the set and frees its memory. */
  release(): void {
    if (!this.#lent) releaseBuffer(this.#words)
    releaseBuffer(this.#index)
    this.#words = new Uint32Array(smallest * 4)
    this.#index = new Uint32Array(smallest * 2)
    this.#size = 0
    this.#lent = false
  }

  /** A view. It stays valid until {@link returned}, unless a hash is deleted. */
  lend(): Uint32Array {
    this.#lent = true
    return this.#words.subarray(0, this.#size * 4)
  }

  returned(): void {
    this.#lent = false
  }

  /** So that searches end correctly. */
  #closeGap(slot: number) {
    const index = this.#index
    const mask = index.length - 1
    let gap = slot
    for (let next = (gap + 1) & mask; index[next] !== 0; next = (next + 1) & mask) {
      const home = this.#words[(index[next]! - 1) * 4 + 1]! & mask
      const stays = gap <= next ? gap < home && home <= next : gap < home || home <= next
      if (stays) continue
      index[gap] = index[next]!
      gap = next
    }
    index[gap] = 0
  }

  #slotOf(words: Uint32Array, at: number): number {
    const [index, numbers] = [this.#index, this.#words]
    const mask = index.length - 1
    const b = words[at + 1]!
    for (let slot = b & mask; ; slot = (slot + 1) & mask) {
      const number = index[slot]!
      if (number === 0) return slot
      const of = (number - 1) * 4
      if (
        numbers[of + 1] === b &&
        numbers[of] === words[at] &&
        numbers[of + 2] === words[at + 2] &&
        numbers[of + 3] === words[at + 3]
      )
        return slot
    }
  }

  #grow() {
    const words = new Uint32Array(2 * this.#words.length)
    words.set(this.#words)
    if (!this.#lent) releaseBuffer(this.#words)
    this.#words = words
    this.#lent = false
    releaseBuffer(this.#index)
    const index = (this.#index = new Uint32Array(words.length / 2))
    const mask = index.length - 1
    for (let number = 1; number <= this.#size; number++) {
      let slot = words[(number - 1) * 4 + 1]! & mask
      while (index[slot] !== 0) slot = (slot + 1) & mask
      index[slot] = number
    }
  }
}
