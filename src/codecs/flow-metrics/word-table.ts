export class WordTable {
  readonly width: number
  size = 0
  keys: Int32Array
  /** Index + 1; 0: free. At most half full. */
  #slots: Int32Array

  constructor(width: number, capacity = 64) {
    this.width = width
    this.keys = new Int32Array(width * capacity)
    this.#slots = new Int32Array(2 * capacity)
  }

  /** Index of the tuple at `words[at…]`; -1: unknown. */
  find(words: Int32Array | Uint32Array, at: number): number {
    const { width, keys } = this
    const mask = this.#slots.length - 1
    for (let slot = hashOf(words, at, width) & mask; ; slot = (slot + 1) & mask) {
      const index = this.#slots[slot]! - 1
      if (index < 0) return -1
      let k = 0
      while (k < width && keys[index * width + k] === (words[at + k]! | 0)) k++
      if (k === width) return index
    }
  }

  add(words: Int32Array | Uint32Array, at: number): number {
    if (2 * (this.size + 1) > this.#slots.length) this.#grow()
    const index = this.size++
    for (let k = 0; k < this.width; k++) this.keys[index * this.width + k] = words[at + k]!
    this.#place(index)
    return index
  }

  clear(): void {
    this.size = 0
    this.#slots.fill(0)
  }

  #grow() {
    const keys = new Int32Array(this.keys.length * 2)
    keys.set(this.keys)
    this.keys = keys
    this.#slots = new Int32Array(this.#slots.length * 2)
    for (let index = 0; index < this.size; index++) this.#place(index)
  }

  #place(index: number) {
    const mask = this.#slots.length - 1
    let slot = hashOf(this.keys, index * this.width, this.width) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = index + 1
  }
}

function hashOf(words: Int32Array | Uint32Array, at: number, width: number) {
  let hash = 0x811c9dc5 | 0
  for (let k = 0; k < width; k++) hash = Math.imul((hash ^ words[at + k]!) + ((hash << 5) | (hash >>> 27)), 0x9e3779b1)
  hash ^= hash >>> 15
  return Math.imul(hash, 0x85ebca6b) ^ (hash >>> 13)
}
