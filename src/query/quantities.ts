import { refuse, type Span } from './ast.ts'

export type Decimal = Readonly<{
  digits: bigint
  scale: number
}>

const plain = /^([+-]?)(\d[\d_]*)(?:\.(\d+))?(?:e([+-]?\d{1,3}))?$/i
const withSuffix = /^([+-]?\d[\d_]*(?:\.\d+)?(?:e[+-]?\d{1,3}(?![a-z]))?)\s*([a-zµμ]+)$/i

const thousands: Readonly<Record<string, bigint>> = {
  k: 10n ** 3n,
  K: 10n ** 3n,
  M: 10n ** 6n,
  G: 10n ** 9n,
  T: 10n ** 12n,
  P: 10n ** 15n,
}
const powers: Readonly<Record<string, bigint>> = {
  Ki: 1n << 10n,
  Mi: 1n << 20n,
  Gi: 1n << 30n,
  Ti: 1n << 40n,
  Pi: 1n << 50n,
}
/** In nanoseconds. */
const times: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 10n ** 9n,
  m: 60n * 10n ** 9n,
  min: 60n * 10n ** 9n,
  h: 3600n * 10n ** 9n,
  d: 86_400n * 10n ** 9n,
}
/** Nanoseconds as powers of ten. */
const timeUnits: Readonly<Record<string, number>> = { ns: 0, us: 3, ms: 6, s: 9 }

/** In the field's unit; undefined if the text is no number. Refuses suffixes of other units. */
export function quantity(text: string, unit: string | undefined, at: Span): Decimal | undefined {
  const bare = decimal(text)
  if (bare !== undefined) return bare
  const hex = /^0x[0-9a-f]{1,32}$/i.test(text) ? { digits: BigInt(text), scale: 0 } : undefined
  if (hex !== undefined) return hex
  const [, number = '', suffix = ''] = withSuffix.exec(text) ?? []
  const amount = decimal(number)
  if (amount === undefined) return undefined
  const isTime = unit !== undefined && unit in timeUnits
  if (isTime && Object.hasOwn(times, suffix)) return inUnit(amount, times[suffix] ?? 1n, timeUnits[unit] ?? 0)
  const letter = unit === 'By' && !isTime ? suffix.replace(/(?<=.)B$/, '') : suffix
  if (unit === 'By' && suffix === 'B') return amount
  const factor = Object.hasOwn(thousands, letter)
    ? thousands[letter]
    : Object.hasOwn(powers, letter)
      ? powers[letter]
      : undefined
  if (factor !== undefined) return { digits: amount.digits * factor, scale: amount.scale }
  if (isTime) refuse(`${text} has an unknown unit of time.`, at, 'Use ns, us, ms, s, m, h or d.')
  if (Object.hasOwn(times, suffix))
    refuse(
      `${text} is a time, but the field is not.`,
      at,
      suffix === 'm' ? `A million is written ${number}M.` : undefined,
    )
  if (unit !== 'By' && suffix.endsWith('B'))
    refuse(`${text} is a number of bytes, but the field is not.`, at, `Write ${text.slice(0, -1)}.`)
  return undefined
}

function decimal(text: string): Decimal | undefined {
  const [, sign, whole, part = '', exponent = '0'] = plain.exec(text) ?? []
  if (whole === undefined || Math.abs(Number(exponent)) > 60 || text.length > 120) return undefined
  const digits = BigInt(whole.replaceAll('_', '') + part) * (sign === '-' ? -1n : 1n)
  return shifted(digits, part.length - Number(exponent))
}

function shifted(digits: bigint, scale: number): Decimal {
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 }
}

function inUnit({ digits, scale }: Decimal, nanoseconds: bigint, power: number): Decimal {
  return { digits: digits * nanoseconds, scale: scale + power }
}

export function floor({ digits, scale }: Decimal): bigint {
  const one = 10n ** BigInt(scale)
  const whole = digits / one
  return digits < 0n && whole * one !== digits ? whole - 1n : whole
}

export function isWhole({ digits, scale }: Decimal): boolean {
  return digits % 10n ** BigInt(scale) === 0n
}

export function toDouble({ digits, scale }: Decimal): number {
  return Number(`${digits}e-${scale}`)
}

/** `a..b` or `a-b`, unless the hyphen is a sign or part of a name. */
export function rangeEnds(text: string): readonly [string, string] | undefined {
  const dots = text.indexOf('..')
  if (dots > 0) return [text.slice(0, dots), text.slice(dots + 2)]
  const dash = /^(.*[0-9a-zA-Zµμ:.])-(-?[0-9a-fA-F:].*)$/.exec(text)
  return dash === null ? undefined : [dash[1] ?? '', dash[2] ?? '']
}
