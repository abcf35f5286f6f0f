import { mappedPrefix } from './ip.ts'

/** Bytes in whole words, so that a copy needs no call and few steps. */
export type Fragment = Readonly<{
  /** Little-endian; the last word is padded. */
  words: Uint32Array
  length: number
}>

export type RowWriter = (row: number, out: ByteBuffer) => void

const utf8 = new TextEncoder()

export function fragmentOf(content: string | Uint8Array): Fragment {
  const bytes = typeof content === 'string' ? utf8.encode(content) : content
  const view = new DataView(new ArrayBuffer((bytes.length + 3) & ~3))
  new Uint8Array(view.buffer).set(bytes)
  const words = Uint32Array.from({ length: view.byteLength >> 2 }, (_, index) => view.getUint32(4 * index, true))
  return { words, length: bytes.length }
}

const zero = 48
const dot = 46
const colon = 58
/** Digits of numbers below 2^53, the longest v6 address, or a MAC address. */
const longest = 40
const billion = 1_000_000_000

/** A growing buffer for text. `at` is the length; set it back to discard what follows. */
export class ByteBuffer {
  bytes: Buffer
  #view: DataView
  at = 0

  constructor(capacity = 4096) {
    this.bytes = Buffer.allocUnsafeSlow(capacity)
    this.#view = viewOf(this.bytes)
  }

  /** A view, valid until the next write. */
  slice(from = 0, to = this.at): Buffer {
    return this.bytes.subarray(from, to)
  }

  copy(from = 0, to = this.at): Uint8Array {
    return Uint8Array.prototype.slice.call(this.bytes, from, to)
  }

  text(from = 0, to = this.at): string {
    return this.bytes.toString('utf8', from, to)
  }

  room(more: number): void {
    if (this.at + more > this.bytes.length) this.#grow(more)
  }

  byte(value: number): void {
    this.room(1)
    this.bytes[this.at++] = value
  }

  fragment({ words, length }: Fragment): void {
    this.room(length + 4)
    const view = this.#view
    // Beyond the length, the next write replaces the padding.
    for (let index = 0, at = this.at; index < words.length; index++, at += 4) view.setUint32(at, words[index]!, true)
    this.at += length
  }

  word(value: number): void {
    this.room(4)
    this.#view.setUint32(this.at, value)
    this.at += 4
  }

  raw(bytes: Uint8Array): void {
    this.room(bytes.length)
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  /** Short, so that a loop is faster than a call of the C library. */
  range(from: Uint8Array, begin: number, end: number): void {
    this.room(end - begin)
    const { bytes } = this
    for (let at = begin; at < end; at++) bytes[this.at++] = from[at]!
  }

  utf8(text: string): void {
    this.room(3 * text.length)
    this.at += this.bytes.write(text, this.at)
  }

  u32(value: number): void {
    this.room(longest)
    this.#digits(value, digitsOf(value))
  }

  i32(value: number): void {
    if (value < 0) this.byte(45)
    this.u32(Math.abs(value))
  }

  integer(value: number): void {
    this.room(longest)
    let rest = value
    if (rest < 0) {
      this.bytes[this.at++] = 45
      rest = -rest
    }
    if (rest < billion) return this.#digits(rest, digitsOf(rest))
    const high = Math.floor(rest / billion)
    this.#digits(high, digitsOf(high))
    this.#digits(rest - high * billion, 9)
  }

  padded(value: number, digits: number): void {
    this.room(digits)
    this.#digits(value, digits)
  }

  u64(low: number, high: number): void {
    if (high < 0x200000) this.integer(high * 0x1_0000_0000 + low)
    else this.utf8(String((BigInt(high) << 32n) | BigInt(low)))
  }

  ip(words: Uint32Array, offset: number): void {
    this.room(longest)
    if (words[offset] !== 0 || words[offset + 1] !== 0 || words[offset + 2] !== mappedPrefix)
      return this.#groups(words, offset)
    // Signed, so that no number needs an object.
    const quad = words[offset + 3]! | 0
    this.#octet(quad >>> 24)
    this.bytes[this.at++] = dot
    this.#octet((quad >>> 16) & 255)
    this.bytes[this.at++] = dot
    this.#octet((quad >>> 8) & 255)
    this.bytes[this.at++] = dot
    this.#octet(quad & 255)
  }

  mac(low: number, high: number): void {
    this.room(longest)
    for (let shift = 40; shift >= 0; shift -= 8) {
      const byte = (shift < 32 ? low >>> shift : high >>> (shift - 32)) & 255
      this.bytes[this.at++] = hexDigit(byte >> 4)
      this.bytes[this.at++] = hexDigit(byte & 15)
      if (shift > 0) this.bytes[this.at++] = colon
    }
  }

  #octet(value: number) {
    this.#digits(value, value < 10 ? 1 : value < 100 ? 2 : 3)
  }

  #digits(value: number, count: number) {
    const { bytes } = this
    let rest = value
    for (let at = this.at + count - 1; at >= this.at; at--) {
      const tenth = (rest / 10) >>> 0
      bytes[at] = zero + rest - 10 * tenth
      rest = tenth
    }
    this.at += count
  }

  #groups(words: Uint32Array, offset: number) {
    const [start, length] = longestZeros(words, offset)
    for (let group = 0; group < 8; group++) {
      if (group === start) {
        this.bytes[this.at++] = colon
        if (group === 0) this.bytes[this.at++] = colon
        group += length - 1
        continue
      }
      const value = groupOf(words, offset, group)
      for (let shift = value > 0xfff ? 12 : value > 0xff ? 8 : value > 0xf ? 4 : 0; shift >= 0; shift -= 4)
        this.bytes[this.at++] = hexDigit((value >> shift) & 15)
      if (group < 7) this.bytes[this.at++] = colon
    }
  }

  #grow(more: number) {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.at + more, 2 * this.bytes.length))
    larger.set(this.bytes.subarray(0, this.at))
    this.bytes = larger
    this.#view = viewOf(larger)
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer) {
  return new DataView(buffer, byteOffset, byteLength)
}

export function digitsOf(value: number): number {
  let [digits, limit] = [1, 10]
  while (value >= limit) {
    digits++
    limit *= 10
  }
  return digits
}

function hexDigit(value: number) {
  return value < 10 ? zero + value : 87 + value
}

function groupOf(words: Uint32Array, offset: number, group: number) {
  const word = words[offset + (group >> 1)]!
  return group & 1 ? word & 0xffff : word >>> 16
}

function longestZeros(words: Uint32Array, offset: number): readonly [start: number, length: number] {
  let [start, length] = [-1, 1]
  for (let group = 0, run = 0; group < 8; group++) {
    run = groupOf(words, offset, group) === 0 ? run + 1 : 0
    if (run > length) [start, length] = [group - run + 1, run]
  }
  return [start, length]
}
