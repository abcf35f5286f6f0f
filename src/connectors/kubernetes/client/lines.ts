import { releaseBuffer } from '../../../model/release-buffer.ts'
import { bufferOf } from './scan.ts'

const newline = 0x0a

export class LineTooLong extends Error {
  constructor(bytes: number) {
    super(`a line of more than ${bytes} bytes`)
    this.name = 'LineTooLong'
  }
}

export class LineSplitter {
  readonly #most: number
  #parts: Uint8Array[] = []
  #size = 0

  constructor(most: number) {
    this.#most = most
  }

  get pending(): number {
    return this.#size
  }

  *take(piece: Uint8Array): Generator<Uint8Array> {
    let from = 0
    // Buffer#indexOf is ten times as fast.
    const bytes = bufferOf(piece)
    for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, from)) {
      const end = bytes.subarray(from, at)
      from = at + 1
      if (this.#size + end.length > this.#most) throw new LineTooLong(this.#most)
      const joined = this.#parts.length === 0 ? undefined : this.#join(end)
      const line = joined ?? end
      if (line.length > 0) yield line
      if (joined !== undefined) releaseBuffer(joined)
    }
    const rest = bytes.subarray(from)
    if (rest.length === 0) return
    this.#size += rest.length
    if (this.#size > this.#most) throw new LineTooLong(this.#most)
    // The socket reuses its buffer.
    this.#parts.push(new Uint8Array(rest))
  }

  #join(end: Uint8Array): Uint8Array {
    const line = new Uint8Array(this.#size + end.length)
    let at = 0
    for (const part of this.#parts) {
      line.set(part, at)
      at += part.length
      releaseBuffer(part)
    }
    line.set(end, at)
    this.#parts = []
    this.#size = 0
    return line
  }
}
