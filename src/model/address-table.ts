/** Words of a slot: address, scope, value; value 0 is free. */
const wideWords = 6
/** Words of a slot for IPv4 in the default scope: last address word and value. */
const narrowWords = 2
const firstSlots = 1024
/** Rows to prefetch with `near` before `find` reads them. */
export const rowsAhead = 128

/** IPv4 in scope 0 has its own dense table, which suits CPU caches. */
export class AddressTable {
  #narrow = new Uint32Array(firstSlots * narrowWords)
  #narrowMask = firstSlots - 1
  #narrowCount = 0
  #wide = new Uint32Array(firstSlots * wideWords)
  #wideMask = firstSlots - 1
  #wideCount = 0

  /** Consumes the results of `near`, so that the engine does not remove the reads. */
  seen = 0

  get count(): number {
    return this.#narrowCount + this.#wideCount
  }

  find(w0: number, w1: number, w2: number, w3: number, scope: number): number {
    return w2 === 0xffff && w1 === 0 && w0 === 0 && scope === 0
      ? this.#findNarrow(w3)
      : this.#findWide(w0, w1, w2, w3, scope)
  }

  /** Calling it for several addresses before `find` overlaps their cache misses. */
  near(w3: number): number {
    return this.#narrow[2 * (narrowHash(w3) & this.#narrowMask) + 1]!
  }

  #findNarrow(w3: number): number {
    const slots = this.#narrow
    const mask = this.#narrowMask
    for (let slot = narrowHash(w3) & mask; ; slot = (slot + 1) & mask) {
      const value = slots[2 * slot + 1]!
      if (value === 0 || slots[2 * slot] === w3) return value
    }
  }

  #findWide(w0: number, w1: number, w2: number, w3: number, scope: number): number {
    return this.#wide[this.#wideAt(w0, w1, w2, w3, scope) + 5]!
  }

  /** Index of the first word of its slot, or of a free one. */
  #wideAt(w0: number, w1: number, w2: number, w3: number, scope: number): number {
    const slots = this.#wide
    const mask = this.#wideMask
    for (let slot = wideHash(w0, w1, w2, w3, scope) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * wideWords
      if (
        slots[at + 5] === 0 ||
        (slots[at + 3] === w3 &&
          slots[at + 2] === w2 &&
          slots[at + 1] === w1 &&
          slots[at] === w0 &&
          slots[at + 4] === scope)
      )
        return at
    }
  }

  /** The address `words[at…]` must be absent. */
  add(words: Uint32Array, at: number, scope: number, value: number): void {
    if (isNarrow(words, at, scope)) {
      if (2 * ++this.#narrowCount > this.#narrowMask) this.#growNarrow()
      this.#putNarrow(words[at + 3]!, value)
    } else {
      if (2 * ++this.#wideCount > this.#wideMask) this.#growWide()
      this.#putWide(words, at, scope, value)
    }
  }

  /** The address `words[at…]` must be present. */
  change(words: Uint32Array, at: number, scope: number, value: number): void {
    const w3 = words[at + 3]!
    if (isNarrow(words, at, scope)) {
      let slot = narrowHash(w3) & this.#narrowMask
      while (this.#narrow[2 * slot] !== w3 || this.#narrow[2 * slot + 1] === 0) slot = (slot + 1) & this.#narrowMask
      this.#narrow[2 * slot + 1] = value
    } else this.#wide[this.#wideAt(words[at]!, words[at + 1]!, words[at + 2]!, w3, scope) + 5] = value
  }

  #putNarrow(w3: number, value: number) {
    let slot = narrowHash(w3) & this.#narrowMask
    while (this.#narrow[2 * slot + 1] !== 0) slot = (slot + 1) & this.#narrowMask
    this.#narrow[2 * slot] = w3
    this.#narrow[2 * slot + 1] = value
  }

  #putWide(words: Uint32Array, from: number, scope: number, value: number) {
    const [slots, mask] = [this.#wide, this.#wideMask]
    const [w0, w1, w2, w3] = [words[from]!, words[from + 1]!, words[from + 2]!, words[from + 3]!]
    let slot = wideHash(w0, w1, w2, w3, scope) & mask
    while (slots[slot * wideWords + 5] !== 0) slot = (slot + 1) & mask
    const at = slot * wideWords
    slots[at] = w0
    slots[at + 1] = w1
    slots[at + 2] = w2
    slots[at + 3] = w3
    slots[at + 4] = scope
    slots[at + 5] = value
  }

  #growNarrow() {
    const slots = this.#narrow
    this.#narrowMask = 2 * (this.#narrowMask + 1) - 1
    this.#narrow = new Uint32Array(2 * slots.length)
    for (let at = 0; at < slots.length; at += narrowWords)
      if (slots[at + 1] !== 0) this.#putNarrow(slots[at]!, slots[at + 1]!)
  }

  #growWide() {
    const slots = this.#wide
    this.#wideMask = 2 * (this.#wideMask + 1) - 1
    this.#wide = new Uint32Array(2 * slots.length)
    for (let at = 0; at < slots.length; at += wideWords) {
      const value = slots[at + 5]!
      if (value !== 0) this.#putWide(slots, at, slots[at + 4]!, value)
    }
  }
}

function isNarrow(words: Uint32Array, at: number, scope: number) {
  return words[at + 2] === 0xffff && words[at + 1] === 0 && words[at] === 0 && scope === 0
}

function narrowHash(w3: number) {
  const h = Math.imul(w3, 0x9e3779b1)
  return (h ^ (h >>> 15)) >>> 0
}

function wideHash(w0: number, w1: number, w2: number, w3: number, scope: number) {
  let h = Math.imul(w3 ^ (w2 << 7), 0x9e3779b1)
  h = Math.imul(h ^ (h >>> 15) ^ w1, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13) ^ w0 ^ scope, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
