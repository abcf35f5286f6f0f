/** Reads protobuf's wire format in place. A malformed message sets {@link failed}; nothing throws. */
export class WireReader {
  bytes: Uint8Array = new Uint8Array(0)
  at = 0
  failed = false
  field = 0
  type = 0
  /** Low and high 32 bits of the last varint. */
  low = 0
  high = 0

  start(bytes: Uint8Array, at: number): void {
    this.bytes = bytes
    this.at = at
    this.failed = false
  }

  next(end: number): boolean {
    if (this.failed || this.at >= end) return false
    this.varint()
    this.field = (this.low >>> 3) | (this.high << 29)
    this.type = this.low & 7
    if (this.field === 0 || this.at > end) this.failed = true
    return !this.failed
  }

  varint(): number {
    const { bytes } = this
    let at = this.at
    let byte = bytes[at++]!
    if (byte < 0x80) {
      this.at = at
      this.high = 0
      return (this.low = byte)
    }
    let low = byte & 0x7f
    let high = 0
    for (let shift = 7; shift < 70; shift += 7) {
      byte = bytes[at++]!
      if (shift < 28) low |= (byte & 0x7f) << shift
      else if (shift === 28) {
        low |= (byte & 0xf) << 28
        high = (byte & 0x7f) >> 4
      } else high |= (byte & 0x7f) << (shift - 32)
      if (byte < 0x80) {
        this.at = at
        this.high = high >>> 0
        return (this.low = low >>> 0)
      }
    }
    this.failed = true
    return (this.low = this.high = 0)
  }

  /** The value of a varint field. Another wire type is skipped, as parsers of protobuf do. */
  number(end: number): number {
    if (this.type !== 0) {
      this.skip(end)
      this.low = this.high = 0
      return 0
    }
    this.varint()
    if (this.at > end) this.failed = true
    return this.low
  }

  /** The end of a length-delimited field that starts at `at`; -1 if it has another wire type and was skipped. */
  within(end: number): number {
    if (this.type !== 2) {
      this.skip(end)
      return -1
    }
    const length = this.varint()
    const to = this.at + length
    if (this.high === 0 && to <= end) return to
    this.failed = true
    return -1
  }

  /** As `within` if it is this field; any other is skipped. */
  enter(field: number, end: number): number {
    if (this.field === field) return this.within(end)
    this.skip(end)
    return -1
  }

  fixed32(end: number): number {
    if (this.type !== 5) {
      this.skip(end)
      return 0
    }
    const { bytes, at } = this
    this.at += 4
    if (this.at > end) {
      this.failed = true
      return 0
    }
    const high = (bytes[at + 3]! << 8) | bytes[at + 2]!
    return ((high << 16) | (bytes[at + 1]! << 8) | bytes[at]!) >>> 0
  }

  skip(end: number): void {
    switch (this.type) {
      case 0:
        this.varint()
        break
      case 1:
        this.at += 8
        break
      case 2: {
        const length = this.varint()
        this.at = this.high === 0 ? this.at + length : end + 1
        break
      }
      case 5:
        this.at += 4
        break
      default:
        this.failed = true
    }
    if (this.at > end) this.failed = true
  }
}
