/** Slots in an order; each operation is O(1). */
export class SlotList {
  #before = new Int32Array(0)
  #after = new Int32Array(0)
  #first = -1
  #last = -1

  grow(slots: number): void {
    const before = new Int32Array(slots).fill(absent)
    before.set(this.#before)
    this.#before = before
    const after = new Int32Array(slots)
    after.set(this.#after)
    this.#after = after
  }

  get first(): number {
    return this.#first
  }

  has(slot: number): boolean {
    return this.#before[slot] !== absent
  }

  after(slot: number): number {
    return this.#after[slot]!
  }

  push(slot: number): void {
    this.#before[slot] = this.#last
    this.#after[slot] = -1
    if (this.#last < 0) this.#first = slot
    else this.#after[this.#last] = slot
    this.#last = slot
  }

  remove(slot: number): void {
    const before = this.#before[slot]!
    if (before === absent) return
    const after = this.#after[slot]!
    if (before < 0) this.#first = after
    else this.#after[before] = after
    if (after < 0) this.#last = before
    else this.#before[after] = before
    this.#before[slot] = absent
  }

  moveLast(slot: number): void {
    if (this.#last === slot) return
    this.remove(slot)
    this.push(slot)
  }
}

const absent = -2

/** Lesser address (4), greater address (4), ports, protocol, hash of the network (2). */
export const keyWords = 12

export class SlotTable {
  keys = new Uint32Array(0)
  #next = new Int32Array(0)
  #hashes = new Uint32Array(0)
  #heads = new Int32Array(0)
  #free = -1
  #capacity = 0
  readonly #grown: (slots: number) => void

  constructor(grown: (slots: number) => void) {
    this.#grown = grown
    this.clear()
  }

  clear(): void {
    this.#heads = new Int32Array(64).fill(-1)
    this.keys = new Uint32Array(0)
    this.#next = new Int32Array(0)
    this.#hashes = new Uint32Array(0)
    this.#capacity = 0
    this.#free = -1
    this.#grow(64)
  }

  find(key: Uint32Array, hash: number): number {
    const { keys } = this
    let slot = this.#heads[hash & (this.#heads.length - 1)]!
    scan: while (slot >= 0) {
      if (this.#hashes[slot] === hash) {
        const at = slot * keyWords
        for (let word = 0; word < keyWords; word++)
          if (keys[at + word] !== key[word]) {
            slot = this.#next[slot]!
            continue scan
          }
        return slot
      }
      slot = this.#next[slot]!
    }
    return -1
  }

  add(key: Uint32Array, hash: number): number {
    if (this.#free < 0) this.#grow(this.#capacity * 2)
    const slot = this.#free
    this.#free = this.#next[slot]!
    const bucket = hash & (this.#heads.length - 1)
    this.keys.set(key, slot * keyWords)
    this.#hashes[slot] = hash
    this.#next[slot] = this.#heads[bucket]!
    this.#heads[bucket] = slot
    return slot
  }

  hashOf(slot: number): number {
    return this.#hashes[slot]!
  }

  remove(slot: number): void {
    const bucket = this.#hashes[slot]! & (this.#heads.length - 1)
    let at = this.#heads[bucket]!
    if (at === slot) this.#heads[bucket] = this.#next[slot]!
    else {
      while (this.#next[at] !== slot) at = this.#next[at]!
      this.#next[at] = this.#next[slot]!
    }
    this.#next[slot] = this.#free
    this.#free = slot
  }

  #grow(capacity: number) {
    const before = this.#capacity
    this.#capacity = capacity
    const keys = new Uint32Array(capacity * keyWords)
    keys.set(this.keys)
    this.keys = keys
    const hashes = new Uint32Array(capacity)
    hashes.set(this.#hashes)
    this.#hashes = hashes
    const next = new Int32Array(capacity)
    next.set(this.#next)
    this.#next = next
    // All slots before are used when the table grows.
    const heads = new Int32Array(capacity).fill(-1)
    for (let slot = 0; slot < before; slot++) {
      const bucket = hashes[slot]! & (capacity - 1)
      next[slot] = heads[bucket]!
      heads[bucket] = slot
    }
    this.#heads = heads
    for (let slot = capacity - 1; slot >= before; slot--) {
      next[slot] = this.#free
      this.#free = slot
    }
    this.#grown(capacity)
  }
}

export function hashOf(key: Uint32Array): number {
  let hash = 0x9e3779b9
  for (let word = 0; word < keyWords; word++) {
    hash = Math.imul(hash ^ key[word]!, 0x85ebca6b)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
