import { headerBytes10 } from './decode.ts'

const version = 10

/** Splits a stream into messages (RFC 7011, section 10.4.1). Buffers one chunk and one incomplete message. */
export class MessageFramer {
  #piece: Uint8Array = new Uint8Array(0)
  #at = 0
  #head = new Uint8Array(0)
  #headBytes = 0
  /** No later message can be found. */
  broken = false

  get pending(): number {
    return this.#headBytes + this.#piece.length - this.#at
  }

  push(piece: Uint8Array): void {
    this.#piece = piece
    this.#at = 0
  }

  next(): Uint8Array | undefined {
    if (this.broken) return undefined
    if (this.#headBytes > 0) return this.#continue()
    const length = lengthOf(this.#piece, this.#at)
    if (length < 0) {
      this.broken = true
      return undefined
    }
    if (length > 0 && this.#piece.length - this.#at >= length) {
      this.#at += length
      return this.#piece.subarray(this.#at - length, this.#at)
    }
    this.#begin(length > 0 ? length : headerBytes10)
    return undefined
  }

  clear(): void {
    this.#piece = new Uint8Array(0)
    this.#at = this.#headBytes = 0
  }

  #begin(length: number) {
    const rest = this.#piece.subarray(this.#at)
    if (rest.length === 0) return
    this.#head = new Uint8Array(Math.max(length, rest.length))
    this.#head.set(rest)
    this.#headBytes = rest.length
    this.#at = this.#piece.length
  }

  #continue(): Uint8Array | undefined {
    this.#take(4)
    const length = this.#headBytes < 4 ? 0 : lengthOf(this.#head, 0)
    if (length < 0) {
      this.broken = true
      return undefined
    }
    if (length === 0) return undefined
    if (this.#head.length < length) {
      const larger = new Uint8Array(length)
      larger.set(this.#head.subarray(0, this.#headBytes))
      this.#head = larger
    }
    this.#take(length)
    if (this.#headBytes < length) return undefined
    this.#headBytes = 0
    return this.#head.subarray(0, length)
  }

  #take(bytes: number) {
    const step = Math.min(bytes - this.#headBytes, this.#piece.length - this.#at)
    if (step <= 0) return
    this.#head.set(this.#piece.subarray(this.#at, this.#at + step), this.#headBytes)
    this.#headBytes += step
    this.#at += step
  }
}

function lengthOf(bytes: Uint8Array, at: number): number {
  const there = bytes.length - at
  if (there >= 1 && bytes[at] !== 0) return -1
  if (there >= 2 && bytes[at + 1] !== version) return -1
  if (there < 4) return 0
  const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
  return length < headerBytes10 ? -1 : length
}
