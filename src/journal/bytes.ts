import type { Heap } from '../model/batches.ts'

export type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array

/** Arrays have a byte length and start on a multiple of 8. */
export class ByteWriter {
  #buffer: Uint8Array<ArrayBuffer>
  #view: DataView
  #length = 0

  constructor(capacity: number, room?: Uint8Array<ArrayBuffer>) {
    this.#buffer =
      room !== undefined && room.length >= capacity && room.byteOffset === 0 ? room : Buffer.allocUnsafeSlow(capacity)
    this.#view = new DataView(this.#buffer.buffer)
  }

  #room(bytes: number) {
    const needed = this.#length + bytes
    if (needed <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2))
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
    this.#view = new DataView(larger.buffer)
  }

  u32(value: number): void {
    this.#room(4)
    this.#view.setUint32(this.#length, value >>> 0, true)
    this.#length += 4
  }

  array(values: Numbers): void {
    this.u32(values.byteLength)
    this.#align()
    this.#room(values.byteLength + 8)
    this.#buffer.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), this.#length)
    this.#length += values.byteLength
    this.#align()
  }

  heap(heap: Heap): void {
    this.array(heap.offsets)
    this.array(heap.bytes)
  }

  static sizeOf(strings: readonly string[]): number {
    return strings.reduce((sum, text) => sum + text.length * 3 + 4, 64)
  }

  strings(given: readonly string[]): void {
    // Joined strings could merge lone surrogates.
    const strings = given.map((text) => (text.isWellFormed() ? text : text.toWellFormed()))
    const bytes = Buffer.from(strings.join(''), 'utf8')
    const ends = new Uint32Array(strings.length)
    let end = 0
    strings.forEach((text, index) => {
      end += Buffer.byteLength(text, 'utf8')
      ends[index] = end
    })
    this.array(ends)
    this.array(bytes)
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  #align() {
    const rest = this.#length & 7
    if (rest === 0) return
    this.#room(8 - rest)
    this.#buffer.fill(0, this.#length, this.#length + 8 - rest)
    this.#length += 8 - rest
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    // A pooled Buffer may be unaligned.
    this.#bytes = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes)
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength)
  }

  u32(): number {
    const value = this.#view.getUint32(this.#at, true)
    this.#at += 4
    return value
  }

  #array(): { offset: number; bytes: number } {
    const bytes = this.u32()
    this.#at = (this.#at + 7) & ~7
    const offset = this.#bytes.byteOffset + this.#at
    this.#at = (this.#at + bytes + 7) & ~7
    if (offset + bytes > this.#bytes.byteOffset + this.#bytes.byteLength) throw new Error('body ends inside an array')
    return { offset, bytes }
  }

  u8s(): Uint8Array {
    const { offset, bytes } = this.#array()
    return new Uint8Array(this.#bytes.buffer, offset, bytes)
  }
  u16s(): Uint16Array {
    const { offset, bytes } = this.#array()
    return new Uint16Array(this.#bytes.buffer, offset, bytes / 2)
  }
  u32s(): Uint32Array {
    const { offset, bytes } = this.#array()
    return new Uint32Array(this.#bytes.buffer, offset, bytes / 4)
  }
  i32s(): Int32Array {
    const { offset, bytes } = this.#array()
    return new Int32Array(this.#bytes.buffer, offset, bytes / 4)
  }
  f64s(): Float64Array {
    const { offset, bytes } = this.#array()
    return new Float64Array(this.#bytes.buffer, offset, bytes / 8)
  }

  heap(): Heap {
    return { offsets: this.u32s(), bytes: this.u8s() }
  }

  strings(): string[] {
    const ends = this.u32s()
    const bytes = this.u8s()
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const strings = new Array<string>(ends.length)
    let start = 0
    for (let i = 0; i < ends.length; i++) {
      const end = ends[i] ?? start
      strings[i] = text.toString('utf8', start, end)
      start = end
    }
    return strings
  }
}
