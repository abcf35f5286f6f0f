/** Odd, so that the products are independent. */
const factors = Uint32Array.of(
  0x9e3779b1,
  0x85ebca6b,
  0xc2b2ae35,
  0x27d4eb2f,
  0x165667b1,
  0xd3a2646d,
  0xfd7046c5,
  0xb55a4f09,
  0x2545f491,
  0x8cb92ba7,
  0x94d049bb,
  0xbf58476d,
  0xd6e8feb9,
  0xa0761d65,
  0xe7037ed1,
  0x8ebc6af1,
)
const [f0 = 0, f1 = 0, f2 = 0, f3 = 0, f4 = 0, f5 = 0, f6 = 0, f7 = 0] = factors

function mixed(sum: number) {
  const half = Math.imul(sum ^ (sum >>> 15), 0x2c1b3c6d)
  return half ^ (half >>> 13)
}

type Words = Uint32Array

type SevenColumns = readonly [Words, Words, Words, Words, Words, Words, Words]

/** Numbers tuples of up to sixteen words in order of occurrence. */
export class Groups {
  readonly width: number
  readonly limit: number
  keys: Uint32Array
  count = 0
  #slots: Int32Array
  #mask: number
  readonly #key: Uint32Array

  constructor(width: number, limit: number) {
    this.width = width
    this.limit = limit
    this.keys = new Uint32Array(width * 256)
    this.#slots = new Int32Array(1024)
    this.#mask = 1023
    this.#key = new Uint32Array(width)
  }

  find(key: Uint32Array): number {
    const { width, keys } = this
    let slot = this.#hash(key, 0) & this.#mask
    for (;;) {
      const existing = this.#slots[slot]! - 1
      if (existing < 0) return this.#add(key, slot)
      const at = existing * width
      let i = 0
      while (i < width && keys[at + i] === key[i]) i++
      if (i === width) return existing
      slot = (slot + 1) & this.#mask
    }
  }

  find4(a: number, b: number, c: number, d: number): number {
    const { keys } = this
    const slots = this.#slots
    const mask = this.#mask
    let slot = mixed((Math.imul(a, f0) + Math.imul(b, f1) + Math.imul(c, f2) + Math.imul(d, f3)) | 0) & mask
    for (;;) {
      const existing = slots[slot]! - 1
      if (existing < 0) {
        const key = this.#key
        key[0] = a
        key[1] = b
        key[2] = c
        key[3] = d
        return this.#add(key, slot)
      }
      const at = 4 * existing
      if (keys[at + 1] === b && keys[at] === a && keys[at + 2] === c && keys[at + 3] === d) return existing
      slot = (slot + 1) & mask
    }
  }

  /** Numbers the tuple of each row; −1 if its first word is below 0, or beyond the limit. */
  findRows8(first: Int32Array, others: SevenColumns, into: Int32Array, count: number): void {
    const [bs, cs, ds, es, fs, gs, hs] = others
    for (let row = 0; row < count; row++) {
      const a = first[row]!
      if (a < 0) {
        into[row] = -1
        continue
      }
      const b = bs[row]!
      const c = cs[row]!
      const d = ds[row]!
      const e = es[row]!
      const f = fs[row]!
      const g = gs[row]!
      const h = hs[row]!
      const { keys } = this
      const slots = this.#slots
      const mask = this.#mask
      const sum =
        (Math.imul(a, f0) +
          Math.imul(b, f1) +
          Math.imul(c, f2) +
          Math.imul(d, f3) +
          Math.imul(e, f4) +
          Math.imul(f, f5) +
          Math.imul(g, f6) +
          Math.imul(h, f7)) |
        0
      let slot = mixed(sum) & mask
      let number = slots[slot]! - 1
      for (; number >= 0; number = slots[slot]! - 1) {
        const at = 8 * number
        if (
          keys[at + 3] === d &&
          keys[at + 1] === b &&
          keys[at + 2] === c &&
          keys[at] === a &&
          keys[at + 4] === e &&
          keys[at + 5] === f &&
          keys[at + 6] === g &&
          keys[at + 7] === h
        )
          break
        slot = (slot + 1) & mask
      }
      if (number < 0) {
        const key = this.#key
        key[0] = a
        key[1] = b
        key[2] = c
        key[3] = d
        key[4] = e
        key[5] = f
        key[6] = g
        key[7] = h
        number = this.#add(key, slot)
      }
      into[row] = number
    }
  }

  clear(): void {
    this.count = 0
    this.#slots.fill(0)
  }

  #hash(words: Uint32Array, at: number) {
    let sum = 0
    for (let i = 0; i < this.width; i++) sum = (sum + Math.imul(words[at + i]!, factors[i]!)) | 0
    return mixed(sum)
  }

  #add(key: Uint32Array, slot: number): number {
    if (this.count === this.limit) return -1
    const number = this.count++
    if (this.keys.length < this.count * this.width) {
      const larger = new Uint32Array(2 * this.keys.length)
      larger.set(this.keys)
      this.keys = larger
    }
    for (let i = 0; i < this.width; i++) this.keys[number * this.width + i] = key[i]!
    this.#slots[slot] = number + 1
    if (2 * this.count > this.#mask) this.#grow()
    return number
  }

  #grow() {
    this.#mask = 2 * (this.#mask + 1) - 1
    this.#slots = new Int32Array(this.#mask + 1)
    for (let number = 0; number < this.count; number++) {
      let slot = this.#hash(this.keys, number * this.width) & this.#mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask
      this.#slots[slot] = number + 1
    }
  }
}

/** Five exact sums: flows, bytes, packets, estimated bytes and packets. */
export class Sums {
  #values = new Float64Array(5 * 256)
  readonly #large = new Map<number, bigint>()

  clear(): void {
    this.#values.fill(0)
    this.#large.clear()
  }

  reach(groups: number): void {
    if (this.#values.length >= 5 * groups) return
    const larger = new Float64Array(Math.max(5 * groups, 2 * this.#values.length))
    larger.set(this.#values)
    this.#values = larger
  }

  add(group: number, bytes: number, packets: number, bytesEst: number, packetsEst: number): void {
    const at = 5 * group
    const values = this.#values
    const bytesSum = values[at + 1]! + bytes
    const packetsSum = values[at + 2]! + packets
    const bytesEstSum = values[at + 3]! + bytesEst
    const packetsEstSum = values[at + 4]! + packetsEst
    if (
      bytesSum > Number.MAX_SAFE_INTEGER ||
      packetsSum > Number.MAX_SAFE_INTEGER ||
      bytesEstSum > Number.MAX_SAFE_INTEGER ||
      packetsEstSum > Number.MAX_SAFE_INTEGER
    ) {
      this.addLarge(group, [1n, BigInt(bytes), BigInt(packets), BigInt(bytesEst), BigInt(packetsEst)])
      return
    }
    values[at] = values[at]! + 1
    values[at + 1] = bytesSum
    values[at + 2] = packetsSum
    values[at + 3] = bytesEstSum
    values[at + 4] = packetsEstSum
  }

  addLarge(group: number, values: readonly bigint[]): void {
    values.forEach((value, index) =>
      this.#large.set(5 * group + index, (this.#large.get(5 * group + index) ?? 0n) + value),
    )
  }

  join(group: number, from: Sums, joined: number): void {
    const values = this.#values
    const added = from.#values
    let safe = from.#large.size === 0
    for (let i = 0; i < 5; i++) safe &&= values[5 * group + i]! + added[5 * joined + i]! <= Number.MAX_SAFE_INTEGER
    if (!safe) {
      this.addLarge(
        group,
        Array.from({ length: 5 }, (_, index) => BigInt(from.value(joined, index))),
      )
      return
    }
    for (let i = 0; i < 5; i++) values[5 * group + i] = values[5 * group + i]! + added[5 * joined + i]!
  }

  get large(): boolean {
    return this.#large.size > 0
  }

  value(group: number, index: number): number | bigint {
    const value = this.#values[5 * group + index]!
    const large = this.#large.size === 0 ? undefined : this.#large.get(5 * group + index)
    return large === undefined ? value : BigInt(value) + large
  }

  copy(groups: readonly number[], into: readonly Float64Array[], at: number): void {
    const [flows, bytes, packets, bytesEst, packetsEst] = into as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ]
    const values = this.#values
    for (let i = 0; i < groups.length; i++) {
      const from = 5 * groups[i]!
      flows[at + i] = values[from]!
      bytes[at + i] = values[from + 1]!
      packets[at + i] = values[from + 2]!
      bytesEst[at + i] = values[from + 3]!
      packetsEst[at + i] = values[from + 4]!
    }
  }

  flows(group: number): number {
    return Number(this.value(group, 0))
  }

  weight(group: number): number {
    return Number(this.value(group, 3))
  }
}
