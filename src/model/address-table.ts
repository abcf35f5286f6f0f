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
    const slots = this.#wide
    const mask = this.#wideMask
    for (let slot = wideHash(w0, w1, w2, w3, scope) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * wideWords
      const value = slots[at + 5]!
      if (
        value === 0 ||
        (slots[at + 3] === w3 &&
          slots[at + 2] === w2 &&
          slots[at + 1] === w1 &&
          slots[at] === w0 &&
          slots[at + 4] === scope)
      )
        return value
    }
  }

  /** The address must be absent. */
  add(w0: number, w1: number, w2: number, w3: number, scope: number, value: number): void {
    if (w2 === 0xffff && w1 === 0 && w0 === 0 && scope === 0) {
      if (2 * ++this.#narrowCount > this.#narrowMask) this.#growNarrow()
      this.#putNarrow(w3, value)
    } else {
      if (2 * ++this.#wideCount > this.#wideMask) this.#growWide()
      this.#putWide(w0, w1, w2, w3, scope, value)
    }
  }

  /** The address must be present. */
  change(w0: number, w1: number, w2: number, w3: number, scope: number, value: number): void {
    if (w2 === 0xffff && w1 === 0 && w0 === 0 && scope === 0) {
      let slot = narrowHash(w3) & this.#narrowMask
      while (this.#narrow[2 * slot] !== w3 || this.#narrow[2 * slot + 1] === 0) slot = (slot + 1) & this.#narrowMask
      this.#narrow[2 * slot + 1] = value
    } else {
      let slot = wideHash(w0, w1, w2, w3, scope) & this.#wideMask
      for (let at = slot * wideWords; !this.#isAt(at, w0, w1, w2, w3, scope); at = slot * wideWords)
        slot = (slot + 1) & this.#wideMask
      this.#wide[slot * wideWords + 5] = value
    }
  }

  #isAt(at: number, w0: number, w1: number, w2: number, w3: number, scope: number): boolean {
    const slots = this.#wide
    return (
      slots[at + 5] !== 0 &&
      slots[at + 3] === w3 &&
      slots[at + 2] === w2 &&
      slots[at + 1] === w1 &&
      slots[at] === w0 &&
      slots[at + 4] === scope
    )
  }

  #putNarrow(w3: number, value: number) {
    let slot = narrowHash(w3) & this.#narrowMask
    while (this.#narrow[2 * slot + 1] !== 0) slot = (slot + 1) & this.#narrowMask
    this.#narrow[2 * slot] = w3
    this.#narrow[2 * slot + 1] = value
  }

  #putWide(w0: number, w1: number, w2: number, w3: number, scope: number, value: number) {
    let slot = wideHash(w0, w1, w2, w3, scope) & this.#wideMask
    while (this.#wide[slot * wideWords + 5] !== 0) slot = (slot + 1) & this.#wideMask
    this.#wide.set([w0, w1, w2, w3, scope, value], slot * wideWords)
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
      if (value !== 0) this.#putWide(slots[at]!, slots[at + 1]!, slots[at + 2]!, slots[at + 3]!, slots[at + 4]!, value)
    }
  }
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
