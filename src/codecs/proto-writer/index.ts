const utf8 = new TextEncoder()

export class ProtoWriter {
  #bytes = new Uint8Array(4096)
  #view = new DataView(this.#bytes.buffer)
  #at = 0

  get length(): number {
    return this.#at
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at)
  }

  reset(): void {
    this.#at = 0
  }

  truncate(length: number): void {
    this.#at = length
  }

  uint(field: number, value: number): void {
    this.#reserve(15)
    this.#varint(field << 3)
    this.#varint(value)
  }

  int(field: number, value: number): void {
    if (value >= 0) return this.uint(field, value)
    this.#reserve(15)
    this.#varint(field << 3)
    let rest = BigInt.asUintN(64, BigInt(value))
    for (; rest > 127n; rest >>= 7n) this.#bytes[this.#at++] = Number(rest & 127n) | 128
    this.#bytes[this.#at++] = Number(rest)
  }

  double(field: number, value: number): void {
    this.#reserve(13)
    this.#varint((field << 3) | 1)
    this.#view.setFloat64(this.#at, value, true)
    this.#at += 8
  }

  fixed64(field: number, low: number, high: number): void {
    this.#reserve(13)
    this.#varint((field << 3) | 1)
    this.#view.setUint32(this.#at, low, true)
    this.#view.setUint32(this.#at + 4, high, true)
    this.#at += 8
  }

  text(field: number, value: string): void {
    this.#reserve(10 + 3 * value.length)
    this.#varint((field << 3) | 2)
    const start = this.#at
    this.#at += 1
    const { written } = utf8.encodeInto(value, this.#bytes.subarray(this.#at))
    this.#at += written
    this.#putLength(start, written)
  }

  packed(field: number, values: readonly number[]): void {
    const start = this.begin(field)
    this.#reserve(10 * values.length)
    for (const value of values) this.#varint(value)
    this.end(start)
  }

  bytes(field: number, value: Uint8Array): void {
    this.#reserve(15 + value.length)
    this.#varint((field << 3) | 2)
    this.#varint(value.length)
    this.raw(value)
  }

  raw(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  begin(field: number): number {
    this.#reserve(10)
    this.#varint((field << 3) | 2)
    this.#at += 1
    return this.#at - 1
  }

  end(start: number): void {
    this.#reserve(8)
    this.#putLength(start, this.#at - start - 1)
  }

  #putLength(start: number, length: number) {
    if (length < 128) {
      this.#bytes[start] = length
      return
    }
    let more = 1
    for (let rest = Math.floor(length / 128); rest > 127; rest = Math.floor(rest / 128)) more++
    this.#bytes.copyWithin(start + 1 + more, start + 1, this.#at)
    const end = this.#at + more
    this.#at = start
    this.#varint(length)
    this.#at = end
  }

  #varint(value: number) {
    let rest = value
    while (rest > 127) {
      this.#bytes[this.#at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#at++] = rest
  }

  #reserve(more: number) {
    const needed = this.#at + more
    if (needed <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    larger.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}
