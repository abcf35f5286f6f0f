/** Exact decimals and UTC times, as text. */

const decimal = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/

const plainDecimal = /^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/

/** The plain form without exponent; undefined if the text is not a decimal. */
export function decimalText(text: string): string | undefined {
  if (text !== '-0' && plainDecimal.test(text)) return text
  const match = decimal.exec(text.trim())
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  if (whole === '' && fraction === '') return undefined
  const shift = Number(exponent)
  const digits = whole + fraction
  const point = whole.length + shift
  const before = point <= 0 ? '' : digits.slice(0, point).padEnd(point, '0')
  const after = point <= 0 ? '0'.repeat(-point) + digits : digits.slice(point)
  const integer = before.replace(/^0+(?=\d)/, '') || '0'
  const decimals = after.replace(/0+$/, '')
  const plain = decimals === '' ? integer : `${integer}.${decimals}`
  return sign === '-' && /[1-9]/.test(plain) ? `-${plain}` : plain
}

const places = 18
const one = 10n ** BigInt(places)

/** A decimal as a whole number of 10^-18. Throws if it is no decimal. */
export function scaled(text: string): bigint {
  const plain = decimalText(text)
  if (plain === undefined) throw new RangeError(`\`${text}\` is not a decimal number.`)
  const [whole = '', fraction = ''] = plain.replace('-', '').split('.')
  const value = BigInt(whole) * one + BigInt(fraction.slice(0, places).padEnd(places, '0'))
  return plain.startsWith('-') ? -value : value
}

export function unscaled(value: bigint): string {
  const positive = value < 0n ? -value : value
  const text = `${positive / one}.${String(positive % one).padStart(places, '0')}`.replace(/\.?0+$/, '')
  return value < 0n ? `-${text}` : text
}

/** Exact to 10^-18. */
export function addDecimals(texts: readonly string[]): string {
  return unscaled(texts.reduce((sum, text) => sum + scaled(text), 0n))
}

/** Rounded toward zero at 10^-18. */
export function product(a: string, b: string): string {
  return unscaled((scaled(a) * scaled(b)) / one)
}

export function difference(a: string, b: string): string {
  return unscaled(scaled(a) - scaled(b))
}

/** `text` × `times` ÷ `by`, rounded half away from zero to `digits` decimals. */
export function quotient(
  text: string,
  { times = 1, by, digits }: { times?: number; by: number; digits: number },
): string {
  return rounded(scaled(text) * BigInt(times), BigInt(by), digits)
}

/** Percent with one decimal; null without an earlier amount. */
export function percentChange(now: string, before: string): string | null {
  const from = scaled(before)
  return from === 0n ? null : rounded((scaled(now) - from) * 100n * one, from < 0n ? -from : from, 1)
}

function rounded(value: bigint, by: bigint, digits: number): string {
  const unit = 10n ** BigInt(places - digits)
  const divisor = by * unit
  const half = value < 0n ? -divisor / 2n : divisor / 2n
  return unscaled(((value + half) / divisor) * unit)
}

const [maxTexts, maxLength] = [4096, 1024]

/** Remembers results for short texts: rows of costs repeat times and tags. */
export function memoized<Result>(compute: (text: string) => Result): (text: string) => Result {
  const cache = new Map<string, Result>()
  let [lastText, lastResult]: [string | undefined, Result | undefined] = [undefined, undefined]
  return (text) => {
    if (text === lastText && lastResult !== undefined) return lastResult
    const before = cache.get(text)
    if (before !== undefined) {
      ;[lastText, lastResult] = [text, before]
      return before
    }
    const computed = compute(text)
    if (text.length > maxLength) return computed
    if (cache.size >= maxTexts) cache.clear()
    // A copy: a part of a text would keep the whole text in memory.
    cache.set(Buffer.from(text).toString(), computed)
    return computed
  }
}

const time = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$/

/** `2026-11-25T00:00:00Z`; a time without a zone is UTC. Undefined if the text is not a time. */
export const timeText = memoized((text: string): string | undefined => {
  const match = time.exec(text.trim())
  if (match === null) return undefined
  const [, day = '', clock = '00:00', seconds = '00', zone = 'Z'] = match
  const offset = /^[+-]\d{2}$/.test(zone) ? `${zone}:00` : zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2')
  const at = new Date(`${day}T${clock}:${seconds}${offset === 'UTC' ? 'Z' : offset}`)
  const isReal = !Number.isNaN(at.getTime()) && (offset !== 'Z' || at.toISOString().startsWith(day))
  return isReal ? secondsText(at) : undefined
})

export function secondsText(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`
}

/** Start and end of the month of a time, which is in the form of {@link timeText}. */
export const monthOf = memoized((start: string): readonly [start: string, end: string] => {
  const [year, month] = [Number(start.slice(0, 4)), Number(start.slice(5, 7))]
  return [secondsText(new Date(Date.UTC(year, month - 1))), secondsText(new Date(Date.UTC(year, month)))]
})

export const nextDay = memoized((start: string): string => secondsText(new Date(millisOf(start) + 86_400_000)))

/** Unix ms of a time in the form of {@link timeText}. */
export const millisOf = memoized((text: string): number => Date.parse(text))
