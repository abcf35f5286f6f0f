/** Messages in a stream (RFC 6587): with their length in front, or ended by a line feed or NUL. */

/**
 * `isCut`: the stream ended before the announced length. `oversized`: a length beyond the limit. The rest of the stream
 * is not read.
 */
export type Framed =
  | Readonly<{ is: 'message'; bytes: Uint8Array; isCut?: true }>
  | Readonly<{ is: 'too_large' | 'oversized' }>

const [lineFeed, carriageReturn, zero, nine, space, less] = [0x0a, 0x0d, 0x30, 0x39, 0x20, 0x3c]
const maxDigits = 7
/** A time in microseconds, with which a line may begin, has 16. */
const maxLineDigits = 16
const nextCounted = /[1-9]\d{0,6} <\d{1,3}>/

/** `undefined`: more bytes decide. */
type Kind =
  | Readonly<{ is: 'line' }>
  | Readonly<{ is: 'oversized' }>
  | Readonly<{ is: 'counted'; start: number; length: number }>

export class SyslogFramer {
  readonly #limit: number
  #pending: Buffer = Buffer.alloc(0)
  #skipsLine = false
  #isEnded = false
  /** A line directly behind a counted message belongs to it: its length was too small. */
  #followsCounted = false

  constructor(limit: number) {
    this.#limit = limit
  }

  *push(piece: Uint8Array): Generator<Framed> {
    if (this.#isEnded) return
    this.#pending = Buffer.concat([this.#pending, piece])
    while (this.#pending.length > 0) {
      const kind = this.#kind()
      if (kind === undefined) return
      if (kind.is === 'oversized') {
        yield kind
        this.#pending = Buffer.alloc(0)
        this.#isEnded = true
        return
      }
      if (kind.is === 'counted') {
        const { start, length } = kind
        if (this.#pending.length < start + length) return
        yield { is: 'message', bytes: this.#pending.subarray(start, start + length) }
        this.#pending = this.#pending.subarray(start + length)
        this.#followsCounted = true
        continue
      }
      const end = this.#endOfLine()
      if (end === undefined) {
        if (this.#pending.length > this.#limit) {
          if (!this.#skipsLine) yield { is: 'too_large' }
          this.#skipsLine = true
          this.#pending = Buffer.alloc(0)
        }
        return
      }
      if (!this.#skipsLine && end.at > 0 && !this.#isBlank(end.at))
        yield end.at > this.#limit ? { is: 'too_large' } : { is: 'message', bytes: this.#pending.subarray(0, end.at) }
      this.#skipsLine = false
      if (end.skipped > 0) this.#followsCounted = false
      this.#pending = this.#pending.subarray(end.at + end.skipped)
    }
  }

  /** A carriage return between messages is none. */
  #isBlank(length: number): boolean {
    return length === 1 && this.#pending[0] === carriageReturn
  }

  #kind(): Kind | undefined {
    const first = this.#pending[0]!
    if (this.#skipsLine || first <= zero || first > nine) return { is: 'line' }
    const end = digitsOf(this.#pending)
    const isCount = this.#pending[end] === space && end <= maxDigits
    // Of a long number the two bytes after it decide, and of a short one the byte after the blank.
    const needed = this.#pending[end] === space ? end + 1 : end
    if (this.#pending.length <= needed && end <= maxLineDigits) return undefined
    const length = Number(this.#pending.subarray(0, end).toString())
    if (this.#isBeyond(end, isCount ? length : Infinity)) return { is: 'oversized' }
    if (!isCount) return { is: 'line' }
    const start = end + 1
    if (this.#pending[start] === less) return { is: 'counted', start, length }
    // `12 errors`: a line that begins with a number, if it ends before the announced length.
    const lineEnd = trailerIn(this.#pending)
    if (length > this.#limit || (lineEnd !== -1 && lineEnd < start + length - 1)) return { is: 'line' }
    return { is: 'counted', start, length }
  }

  #endOfLine(): Readonly<{ at: number; skipped: number }> | undefined {
    const at = trailerIn(this.#pending)
    if (this.#followsCounted && !this.#skipsLine) {
      const line = this.#pending.subarray(0, at === -1 ? undefined : at).toString('latin1')
      const next = line.startsWith('<') ? -1 : line.search(nextCounted)
      if (next > 0) return { at: next, skipped: 0 }
    }
    return at === -1 ? undefined : { at, skipped: 1 }
  }

  /** More digits than a length has belong to one if a priority follows. */
  #isBeyond(digits: number, length: number): boolean {
    if (length !== Infinity) return length > this.#limit && this.#pending[digits + 1] === less
    if (digits <= maxDigits) return false
    return digits > maxLineDigits || (this.#pending[digits] === space && this.#pending[digits + 1] === less)
  }

  /** A message without an end at the end of the stream. */
  *end(): Generator<Framed> {
    const rest = this.#pending
    this.#pending = Buffer.alloc(0)
    if (rest.length === 0 || this.#skipsLine || this.#isEnded) return
    const digits = rest[0]! > zero && rest[0]! <= nine ? digitsOf(rest) : 0
    if (digits > 0 && digits <= maxDigits && rest[digits] === space && rest.length > digits + 1)
      yield { is: 'message', bytes: rest.subarray(digits + 1), isCut: true }
    else yield { is: 'message', bytes: rest }
  }
}

function trailerIn(bytes: Buffer): number {
  const [line, nul] = [bytes.indexOf(lineFeed), bytes.indexOf(0)]
  return line === -1 || nul === -1 ? Math.max(line, nul) : Math.min(line, nul)
}

/** Number of leading digits, at most one more than a line may begin with. */
function digitsOf(bytes: Buffer): number {
  let count = 0
  while (count <= maxLineDigits && count < bytes.length && bytes[count]! >= zero && bytes[count]! <= nine) count++
  return count
}
