/**
 * Index of a file of flows: which endpoint ids it has, and for rare ones the receive times of their rows. Layout:
 * magic, blocks, foot (JSON), length and CRC-32 of the foot (u32, little endian), magic. The foot has the CRC-32 of
 * each block.
 */
import { crc32 } from 'node:zlib'
import { isRecord } from '../../model/json.ts'

export const magic: Uint8Array = Buffer.from('WEIREPX1')
export const tailBytes = 8 + magic.length

/** Number of entries of a block. */
export const idsOfBlock = 1024
export const timesOfBlock = 4096

/** `first`: least id or least time (Unix µs) of the block. */
export type Block = readonly [first: number, offset: number, bytes: number, crc: number]

export type Foot = Readonly<{
  /** Name of the indexed file. */
  file: string
  /** Per id: distance to the previous one, doubled, plus 1 if its times are listed; their number and distances. */
  ids: readonly Block[]
  /** All receive times of the file in ascending order, as distances in µs. */
  times: readonly Block[]
}>

export class Varints {
  #bytes = new Uint8Array(1 << 14)
  #at = 0

  /** Adds a safe integer that is not negative. */
  add(value: number): void {
    if (this.#at + 8 > this.#bytes.length) {
      const largerBuffer = new Uint8Array(2 * this.#bytes.length)
      largerBuffer.set(this.#bytes)
      this.#bytes = largerBuffer
    }
    let remainder = value
    for (; remainder >= 128; remainder = Math.floor(remainder / 128)) this.#bytes[this.#at++] = (remainder % 128) | 128
    this.#bytes[this.#at++] = remainder
  }

  take(): Uint8Array {
    const takenBytes = this.#bytes.slice(0, this.#at)
    this.#at = 0
    return takenBytes
  }
}

export class VarintReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length
  }

  next(): number {
    let [value, scale] = [0, 1]
    for (;;) {
      const byte = this.#bytes[this.#at++] ?? 0
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
  }

  skip(count: number): void {
    for (let remaining = count; remaining > 0 && this.#at < this.#bytes.length;)
      if (this.#bytes[this.#at++]! < 128) remaining--
  }
}

export function encodeFoot(foot: Foot): Uint8Array {
  const text = Buffer.from(JSON.stringify(foot))
  const tail = Buffer.alloc(8)
  tail.writeUInt32LE(text.length)
  tail.writeUInt32LE(crc32(text), 4)
  return Buffer.concat([text, tail, magic])
}

/** The length of the foot, from the last {@link tailBytes} bytes. Undefined if they are damaged. */
export function footLength(tail: Uint8Array): number | undefined {
  const isValid = tail.length === tailBytes && magic.every((byte, at) => tail[8 + at] === byte)
  return isValid ? new DataView(tail.buffer, tail.byteOffset).getUint32(0, true) : undefined
}

export function decodeFoot(text: Uint8Array, tail: Uint8Array): Foot | undefined {
  if (crc32(text) !== new DataView(tail.buffer, tail.byteOffset).getUint32(4, true)) return undefined
  const foot: unknown = JSON.parse(Buffer.from(text).toString('utf8'))
  return isRecord(foot) &&
    typeof foot['file'] === 'string' &&
    Array.isArray(foot['ids']) &&
    Array.isArray(foot['times'])
    ? (foot as unknown as Foot)
    : undefined
}
