export const inputPath = '-'

const lineEnd = 0x0a

export class LineCutter {
  readonly #maxBytes: number
  #rest: Buffer = Buffer.alloc(0)
  #pending = 0
  #skips = false
  position = 0
  tooLong = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get end(): number {
    return this.position + this.#pending
  }

  reset(position: number): void {
    this.#rest = Buffer.alloc(0)
    this.#pending = 0
    this.#skips = false
    this.position = position
  }

  *lines(chunk: Uint8Array): Generator<Buffer> {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    let from = 0
    for (let end = bytes.indexOf(lineEnd); end !== -1; end = bytes.indexOf(lineEnd, from)) {
      const part = bytes.subarray(from, end)
      const line = this.#rest.length === 0 ? part : Buffer.concat([this.#rest, part])
      this.position += this.#pending + end + 1 - from
      this.#pending = 0
      from = end + 1
      this.#rest = Buffer.alloc(0)
      const skips = this.#skips || line.length > this.#maxBytes
      this.#skips = false
      if (skips) this.tooLong++
      else yield line
    }
    if (from < bytes.length) this.#keep(bytes.subarray(from))
  }

  last(): Buffer | undefined {
    const [line, skips] = [this.#rest, this.#skips]
    this.reset(this.position + this.#pending)
    if (skips) this.tooLong++
    return skips || line.length === 0 ? undefined : line
  }

  #keep(part: Buffer) {
    this.#pending += part.length
    if (this.#skips || this.#rest.length + part.length > this.#maxBytes) {
      this.#skips = true
      this.#rest = Buffer.alloc(0)
    } else this.#rest = Buffer.concat([this.#rest, part])
  }
}
