/** Messages in a stream (RFC 6587): with their length in front, or ended by a line feed. */

/** `oversized`: a length beyond the limit. The rest of the stream is not read. */
export type Framed =
  | Readonly<{ is: 'message'; bytes: Uint8Array }>
  | Readonly<{ is: 'too_large' | 'malformed' | 'oversized' }>

const [lineFeed, zero, nine, space, less] = [0x0a, 0x30, 0x39, 0x20, 0x3c]
const maxDigits = 7
/** A time in microseconds, with which a line may begin, has 16. */
const maxLineDigits = 16

export class SyslogFramer {
  readonly #limit: number
  #pending: Buffer = Buffer.alloc(0)
  #skipsLine = false
  #isEnded = false

  constructor(limit: number) {
    this.#limit = limit
  }

  *push(piece: Uint8Array): Generator<Framed> {
    if (this.#isEnded) return
    this.#pending = Buffer.concat([this.#pending, piece])
    for (;;) {
      if (this.#pending.length === 0) return
      const first = this.#pending[0]!
      if (!this.#skipsLine && first > zero && first <= nine) {
        const end = digitsOf(this.#pending)
        const isCount = this.#pending[end] === space && end <= maxDigits
        // Of a long number the two bytes after it decide.
        const needed = end > maxDigits && this.#pending[end] === space ? end + 1 : end
        if (this.#pending.length <= needed && end <= maxLineDigits) return
        const length = Number(this.#pending.subarray(0, end).toString())
        if (this.#isBeyond(end, isCount ? length : Infinity)) {
          yield { is: 'oversized' }
          this.#pending = Buffer.alloc(0)
          this.#isEnded = true
          return
        }
        if (isCount) {
          const start = end + 1
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

  /** More digits than a length has belong to one if a priority follows. */
  #isBeyond(digits: number, length: number): boolean {
    if (length !== Infinity) return length > this.#limit
    if (digits <= maxDigits) return false
    return digits > maxLineDigits || (this.#pending[digits] === space && this.#pending[digits + 1] === less)
  }

  /** A message without an end at the end of the stream. */
  *end(): Generator<Framed> {
    const rest = this.#pending
    this.#pending = Buffer.alloc(0)
    if (rest.length === 0 || this.#skipsLine) return
    yield rest[0]! > zero && rest[0]! <= nine ? { is: 'malformed' } : { is: 'message', bytes: rest }
  }
}

/** Number of leading digits, at most one more than a line may begin with. */
function digitsOf(bytes: Buffer): number {
  let count = 0
  while (count <= maxLineDigits && count < bytes.length && bytes[count]! >= zero && bytes[count]! <= nine) count++
  return count
}
