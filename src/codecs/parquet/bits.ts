/** Parquet's integer encodings of unsigned 32-bit words. */

import { releaseBuffer } from '../../model/release-buffer.ts'

/** Longer texts use the built-in encoder. */
const shortText = 40
const smallest = 1 << 16
/** A larger buffer is freed by {@link Bytes.clear}. */
const keptBytes = 1 << 20

export class Bytes {
  bytes: Uint8Array
  view: DataView
  at = 0
  #asText: Buffer

  constructor(size = smallest) {
    this.bytes = new Uint8Array(size)
    this.view = new DataView(this.bytes.buffer)
    this.#asText = Buffer.from(this.bytes.buffer)
  }

  room(count: number): void {
    if (this.at + count <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.at + count))
    larger.set(this.bytes.subarray(0, this.at))
    this.#replace(larger)
  }

  /** Bytes that {@link taken} returned before are invalid afterwards. */
  clear(): void {
    this.at = 0
    if (this.bytes.length > keptBytes) this.#replace(new Uint8Array(smallest))
  }

  #replace(bytes: Uint8Array) {
    releaseBuffer(this.bytes)
    this.bytes = bytes
    this.view = new DataView(bytes.buffer)
    this.#asText = Buffer.from(bytes.buffer)
  }

  put(bytes: Uint8Array): void {
    this.room(bytes.length)
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  text(value: string): number {
    this.room(4 + 3 * value.length)
    const bytes = this.#ascii(value, this.at + 4) ? value.length : this.#asText.write(value, this.at + 4)
    this.u32(bytes)
    this.at += bytes
    return bytes
  }

  #ascii(value: string, at: number): boolean {
    if (value.length > shortText) return false
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i)
      if (code > 127) return false
      this.bytes[at + i] = code
    }
    return true
  }

  u32(value: number): void {
    this.room(4)
    for (let shift = 0; shift < 32; shift += 8) this.bytes[this.at++] = value >>> shift
  }

  byte(value: number): void {
    this.room(1)
    this.bytes[this.at++] = value
  }

  /** 0 to 2^53. */
  varint(value: number): void {
    this.room(8)
    let rest = value
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.bytes[this.at++] = (rest % 128) | 128
    this.bytes[this.at++] = rest
  }

  zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  taken(): Uint8Array {
    return this.bytes.subarray(0, this.at)
  }
}

export function bitsOf(value: number): number {
  return 32 - Math.clz32(value)
}

/** Lowest bits first, padded with zeros to whole bytes. Whole words are written, in half the time of bytes. */
function pack(values: Uint32Array, from: number, to: number, width: number, out: Bytes) {
  if (width === 0) return
  const size = Math.ceil(((to - from) * width) / 8)
  out.room(size + 8)
  const { view } = out
  let at = out.at
  // Signed, so that V8 does not compute with doubles.
  let held = 0
  let bits = 0
  for (let i = from; i < to; i++) {
    const value = values[i]! | 0
    held |= value << bits
    bits += width
    if (bits >= 32) {
      view.setInt32(at, held, true)
      at += 4
      bits -= 32
      held = bits === 0 ? 0 : (value >>> (width - bits)) | 0
    }
  }
  for (; bits > 0; bits -= 8) {
    view.setUint8(at++, held)
    held >>>= 8
  }
  out.at += size
}

/** RLE / bit-packing hybrid. */
export function hybrid(values: Uint32Array, count: number, width: number, out: Bytes): void {
  const valueBytes = (width + 7) >> 3
  let start = 0
  let at = 0
  const literal = (to: number) => {
    if (to === start) return
    const groups = Math.ceil((to - start) / 8)
    out.varint(groups * 2 + 1)
    const before = out.at
    pack(values, start, to, width, out)
    out.room(groups * width)
    out.bytes.fill(0, out.at, before + groups * width)
    out.at = before + groups * width
  }
  while (at < count) {
    const value = values[at]!
    let end = at + 1
    while (end < count && values[end] === value) end++
    const lacks = (8 - ((at - start) & 7)) & 7
    if (end - at - lacks < 16) {
      at = end
      continue
    }
    literal(at + lacks)
    out.varint((end - at - lacks) * 2)
    out.room(valueBytes)
    for (let shift = 0; shift < valueBytes; shift++) out.bytes[out.at++] = value >>> (8 * shift)
    at = end
    start = end
  }
  literal(count)
}

const blockSize = 256
const miniSize = 64
const minisPerBlock = blockSize / miniSize
const deltas = new Int32Array(blockSize)
const packed = new Uint32Array(blockSize)

/** DELTA_BINARY_PACKED from `first`, modulo 2^32. In 64-bit columns `values` must be below 2^31. */
export function delta(values: Uint32Array, count: number, first: number, out: Bytes): void {
  out.varint(blockSize)
  out.varint(minisPerBlock)
  out.varint(count)
  out.zigzag(first)
  let before = count === 0 ? 0 : values[0]!
  for (let from = 1; from < count; from += blockSize) {
    const length = Math.min(blockSize, count - from)
    let min = 0x7fffffff
    for (let i = 0; i < length; i++) {
      const value = values[from + i]!
      const step = (value - before) | 0
      before = value
      deltas[i] = step
      if (step < min) min = step
    }
    out.zigzag(min)
    const widths = out.at
    out.room(minisPerBlock)
    out.at += minisPerBlock
    for (let mini = 0; mini < minisPerBlock; mini++) {
      const first = mini * miniSize
      if (first >= length) {
        out.bytes[widths + mini] = 0
        continue
      }
      let all = 0
      for (let i = first; i < first + miniSize; i++) {
        const over = i < length ? (deltas[i]! - min) >>> 0 : 0
        packed[i] = over
        all |= over
      }
      const width = bitsOf(all)
      out.bytes[widths + mini] = width
      pack(packed, first, first + miniSize, width, out)
    }
  }
}

export function deltaSize(values: Uint32Array, count: number): number {
  const step = Math.max(miniSize, Math.floor(count / 16 / miniSize) * miniSize)
  let bits = 0
  let seen = 0
  for (let from = 1; from + miniSize <= count; from += step) {
    let min = 0x7fffffff
    let max = -0x80000000
    for (let i = from; i < from + miniSize; i++) {
      const difference = (values[i]! - values[i - 1]!) | 0
      if (difference < min) min = difference
      if (difference > max) max = difference
    }
    bits += bitsOf((max - min) >>> 0) * miniSize
    seen += miniSize
  }
  return seen === 0 ? count * 4 : (bits / seen / 8 + 0.05) * count
}
