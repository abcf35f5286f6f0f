/** `other`: no JSON number, or JavaScript writes it differently. */
export type Digits = 'integer' | 'decimal' | 'other'

const [minus, point, zero] = [45, 46, 48]
/** Integers of so many digits are within every type. */
export const safeDigits = 15
/** A double holds 15 digits. */
const exactDigits = 15
/** JavaScript writes an exponent below a millionth. */
const leadingZeros = 6

/**
 * Whether the text of a number is the one that JavaScript writes for its value, so that it can be copied. An integer
 * may have any number of digits, as `parseExact` retains them.
 */
export function digitKind(bytes: Uint8Array, from: number, to: number): Digits {
  const first = bytes[from] === minus ? from + 1 : from
  const whole = digitsEnd(bytes, first, to)
  const length = whole - first
  if (length === 0 || (length > 1 && bytes[first] === zero)) return 'other'
  const isZero = bytes[first] === zero
  if (whole === to) return isZero && first > from ? 'other' : 'integer'
  if (bytes[whole] !== point || digitsEnd(bytes, whole + 1, to) !== to || to === whole + 1) return 'other'
  if (bytes[to - 1] === zero || length + to - whole - 1 > exactDigits) return 'other'
  return isZero && zerosEnd(bytes, whole + 1, to) > whole + leadingZeros ? 'other' : 'decimal'
}

const isNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** As JavaScript writes the number; undefined if it is no JSON number, or too large for one. */
export function numberText({ buffer, byteOffset, length }: Uint8Array, from: number, to: number): string | undefined {
  const text = Buffer.from(buffer, byteOffset, length).toString('latin1', from, to)
  const value = isNumber.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(value) ? String(value) : undefined
}

function digitsEnd(bytes: Uint8Array, from: number, to: number) {
  let at = from
  while (at < to && bytes[at]! >= zero && bytes[at]! <= 57) at++
  return at
}

function zerosEnd(bytes: Uint8Array, from: number, to: number) {
  let at = from
  while (at < to && bytes[at] === zero) at++
  return at
}
