/** Messages in a stream (RFC 6587): with their length in front, or ended by a line feed. */

export type Framed = Readonly<{ is: 'message'; bytes: Uint8Array }> | Readonly<{ is: 'too_large' | 'malformed' }>

const [lineFeed, zero, nine, space] = [0x0a, 0x30, 0x39, 0x20]
const maxDigits = 7

export class SyslogFramer {
  readonly #limit: number
  #pending: Buffer = Buffer.alloc(0)
  /** Rest of a message beyond the limit. */
  #skip = 0
  #skipsLine = false

  constructor(limit: number) {
    this.#limit = limit
  }

  *push(piece: Uint8Array): Generator<Framed> {
    this.#pending = Buffer.concat([this.#pending, piece])
    for (;;) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, this.#pending.length)
        this.#skip -= skipped
        this.#pending = this.#pending.subarray(skipped)
      }
      if (this.#pending.length === 0) return
      const first = this.#pending[0]!
      if (!this.#skipsLine && first > zero && first <= nine) {
        const end = this.#pending.subarray(0, maxDigits + 1).indexOf(space)
        const digits = this.#pending.subarray(0, end === -1 ? maxDigits + 1 : end)
        const isNumber = digits.every((byte) => byte >= zero && byte <= nine)
        if (isNumber && end === -1 && digits.length <= maxDigits) return
        if (isNumber && end > 0) {
          const length = Number(digits.toString())
          const start = end + 1
          if (length > this.#limit) {
            yield { is: 'too_large' }
            this.#pending = this.#pending.subarray(start)
            this.#skip = length
            continue
          }
          if (this.#pending.length < start + length) return
          yield { is: 'message', bytes: this.#pending.subarray(start, start + length) }
          this.#pending = this.#pending.subarray(start + length)
          continue
        }
      }
      const end = this.#pending.indexOf(lineFeed)
      if (end === -1) {
        if (this.#pending.length > this.#limit) {
          if (!this.#skipsLine) yield { is: 'too_large' }
          this.#skipsLine = true
          this.#pending = Buffer.alloc(0)
        }
        return
      }
      if (!this.#skipsLine && end > 0)
        yield end > this.#limit ? { is: 'too_large' } : { is: 'message', bytes: this.#pending.subarray(0, end) }
      this.#skipsLine = false
      this.#pending = this.#pending.subarray(end + 1)
    }
  }

  /** A message without an end at the end of the stream. */
  *end(): Generator<Framed> {
    const rest = this.#pending
    this.#pending = Buffer.alloc(0)
    if (rest.length === 0 || this.#skip > 0 || this.#skipsLine) return
    yield rest[0]! > zero && rest[0]! <= nine ? { is: 'malformed' } : { is: 'message', bytes: rest }
  }
}
