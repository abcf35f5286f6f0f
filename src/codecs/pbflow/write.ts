/** Writes protobuf's wire format. Fields with the value 0 are omitted, as in proto3. */
export class WireWriter {
  #bytes = new Uint8Array(512)
  #at = 0

  reset(): void {
    this.#at = 0
  }

  /** The message, valid until the next write. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at)
  }

  /** Integers up to 2^53; a negative one as int32. */
  number(field: number, value: number): void {
    if (value === 0) return
    this.#tag(field, 0)
    if (value < 0) this.#varint(value >>> 0, 0xffff_ffff)
    else this.#varint(value >>> 0, Math.floor(value / 0x1_0000_0000))
  }

  u64(field: number, low: number, high: number): void {
    if (low === 0 && high === 0) return
    this.#tag(field, 0)
    this.#varint(low, high)
  }

  fixed32(field: number, value: number): void {
    this.#tag(field, 5)
    this.#reserve(4)
    for (let shift = 0; shift < 32; shift += 8) this.#bytes[this.#at++] = value >>> shift
  }

  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, 2)
    this.#varint(value.length, 0)
    this.#reserve(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  text(field: number, value: string): void {
    if (value !== '') this.bytes(field, Buffer.from(value))
  }

  message(field: number, write: () => void): void {
    this.#tag(field, 2)
    const start = this.#at
    write()
    const length = this.#at - start
    const shift = length < 0x80 ? 1 : length < 0x4000 ? 2 : 5
    this.#reserve(shift)
    this.#bytes.copyWithin(start + shift, start, this.#at)
    this.#at = start
    this.#length(length, shift)
    this.#at += length
  }

  #length(value: number, size: number) {
    for (let i = 1; i < size; i++, value >>>= 7) this.#bytes[this.#at++] = (value & 0x7f) | 0x80
    this.#bytes[this.#at++] = value
  }

  #tag(field: number, type: number) {
    this.#varint(field * 8 + type, 0)
  }

  #varint(low: number, high: number) {
    this.#reserve(10)
    while (high !== 0 || low > 0x7f) {
      this.#bytes[this.#at++] = (low & 0x7f) | 0x80
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
    }
    this.#bytes[this.#at++] = low
  }

  #reserve(more: number) {
    if (this.#at + more <= this.#bytes.length) return
    const larger = new Uint8Array(2 * (this.#at + more))
    larger.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = larger
  }
}
