import { releaseBuffer } from './release-buffer.ts'

const firstBytes = 16 * 1024

/** A body that arrives in pieces, in one buffer of its own that `releaseBuffer` frees at once. */
export class GrowingBody {
  isOpen = true
  #bytes = new Uint8Array(0)
  #size = 0
  readonly #most: number
  readonly #reserve: (bytes: number) => void

  /**
   * `most`: announced bytes, or the limit. `reserve` is called with the bytes that are used more, or less if negative.
   * It throws if there is no memory.
   */
  constructor(most: number, reserve: (bytes: number) => void) {
    this.#most = most
    this.#reserve = reserve
  }

  get size(): number {
    return this.#size
  }

  add(piece: Uint8Array): void {
    const size = this.#size + piece.length
    if (size > this.#bytes.length) this.#grow(size)
    this.#bytes.set(piece, this.#size)
    this.#size = size
  }

  /** The buffer has the size of the body. */
  take(): Buffer {
    this.isOpen = false
    const { length } = this.#bytes
    if (length === this.#size) return Buffer.from(this.#bytes.buffer)
    const bytes = this.#bytes.buffer.transfer(this.#size)
    this.#reserve(this.#size - length)
    return Buffer.from(bytes)
  }

  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    releaseBuffer(this.#bytes)
  }

  #grow(least: number) {
    const before = this.#bytes
    // 0 once it is released.
    const { length: held } = before
    const most = Math.max(least, this.#most)
    const length = Math.max(least, Math.min(most, Math.max(firstBytes, 2 * before.length)))
    this.#reserve(length)
    this.#bytes = new Uint8Array(length)
    this.#bytes.set(before)
    releaseBuffer(before)
    this.#reserve(-held)
  }
}
