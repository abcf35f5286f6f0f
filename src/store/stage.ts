/** Rows of a DuckDB data chunk. */
export const chunkRows = 2048

const bytesOf: Readonly<Record<string, number>> = {
  UTINYINT: 1, USMALLINT: 2, UINTEGER: 4, UBIGINT: 8, TIMESTAMPTZ: 8,
}

/** Beyond these, DuckDB's time stamps have no day (years 0 to 9999 are taken; anything else is no time of a flow). */
const firstTime = -62_167_219_200_000
const lastTime = 253_402_300_799_999

const twoTo32 = 4_294_967_296

/** One column of the chunk that is being filled: numbers as bytes and a bit per row that has one. */
export class Stage {
  readonly bytes: Uint8Array
  readonly valid = new BigUint64Array(chunkRows / 64)
  readonly #bits = new Uint8Array(this.valid.buffer)
  readonly #u8: Uint8Array
  readonly #u16: Uint16Array
  readonly #u32: Uint32Array
  /** Some row has no value. */
  holes = false

  constructor(type: string) {
    const width = bytesOf[type]
    if (width === undefined) throw new Error(`no stage for columns of type ${type}`)
    const buffer = new ArrayBuffer(chunkRows * width)
    this.bytes = new Uint8Array(buffer)
    this.#u8 = new Uint8Array(buffer)
    this.#u16 = new Uint16Array(buffer, 0, buffer.byteLength >> 1)
    this.#u32 = new Uint32Array(buffer, 0, buffer.byteLength >> 2)
    this.reset()
  }

  reset(): void {
    this.#bits.fill(0xff)
    this.holes = false
  }

  #hole(row: number): void {
    this.#bits[row >> 3] = (this.#bits[row >> 3] ?? 0) & ~(1 << (row & 7))
    this.holes = true
  }

  /** Unix milliseconds become microseconds; what is no time becomes absent. */
  times(values: Float64Array, from: number, to: number, at: number): void {
    const words = this.#u32
    for (let row = from; row < to; row++) {
      const ms = values[row] ?? Number.NaN
      const target = at + row - from
      if (ms >= firstTime && ms <= lastTime) {
        const us = Math.round(ms * 1000)
        const high = Math.floor(us / twoTo32)
        words[2 * target] = us - high * twoTo32
        words[2 * target + 1] = high
      } else {
        this.#hole(target)
      }
    }
  }

  /** One number for rows [at, at + count). Wide columns take non-negative integers below 2^53. */
  constant(value: number, at: number, count: number): void {
    switch (this.bytes.length / chunkRows) {
      case 1: this.#u8.fill(value, at, at + count); break
      case 2: this.#u16.fill(value, at, at + count); break
      case 4: this.#u32.fill(value, at, at + count); break
      default:
        for (let row = at; row < at + count; row++) {
          this.#u32[2 * row] = value % twoTo32
          this.#u32[2 * row + 1] = Math.floor(value / twoTo32)
        }
    }
  }

  /** Row numbers from `first` on. */
  count(first: number, at: number, count: number): void {
    for (let i = 0; i < count; i++) this.#u32[at + i] = first + i
  }
}
