/** Tests on the text of an address (RFC 5952, mapped IPv4 as a dotted quad), without DuckDB extensions. */
import { formatIp, mappedPrefix } from '../model/ip.ts'
import { without, type Interval } from './intervals.ts'
import { beginsSql, text } from './sql-text.ts'

const mappedLow = BigInt(mappedPrefix) << 32n
const mappedHigh = mappedLow + 0xffff_ffffn

/** Larger automata are refused. */
const piecesPerExpression = 64
/** Separate comparisons are cheap and skip row groups. */
const maxComparisons = 8

type Found = Readonly<{
  singles: string[]
  prefixes: string[]
  expressions: (readonly [before: string, rest: string])[]
  slow: string[]
}>

/** NULL if absent. Intervals are non-empty, sorted and disjoint. */
export function addressSql(column: string, intervals: readonly Interval[]): string {
  const found: Found = { singles: [], prefixes: [], expressions: [], slow: [] }
  for (const { low, high } of intervals.flatMap(byFamily)) {
    if (low === high) found.singles.push(addressText(low))
    else if (low >= mappedLow && high <= mappedHigh) v4(low - mappedLow, high - mappedLow, found)
    else if (!v6(low, high, found))
      found.slow.push(`${digits(column)} BETWEEN ${text(hex(low))} AND ${text(hex(high))}`)
  }
  const { singles, prefixes, expressions, slow } = found
  const parts: string[] = []
  if (singles.length > 0)
    parts.push(
      singles.length === 1 ? `${column} = ${text(singles[0]!)}` : `${column} IN (${singles.map(text).join(', ')})`,
    )
  parts.push(...prefixes.map((prefix) => `(${beginsSql(column, prefix)})`))
  if (expressions.length <= maxComparisons) {
    parts.push(
      ...expressions.map(
        ([before, rest]) =>
          `(${before === '' ? '' : `${beginsSql(column, before)} AND `}` +
          `regexp_matches(${column}, ${text(`^${escaped(before)}${rest}`)}))`,
      ),
    )
  } else {
    for (let at = 0; at < expressions.length; at += piecesPerExpression) {
      parts.push(
        `regexp_matches(${column}, ${text(
          `^(?:${expressions
            .slice(at, at + piecesPerExpression)
            .map(([before, rest]) => escaped(before) + rest)
            .join('|')})`,
        )})`,
      )
    }
  }
  if (slow.length > 0) parts.push(`(contains(${column}, ':') AND (${slow.join(' OR ')}))`)
  return parts.length === 1 ? parts[0]! : `(${parts.join(' OR ')})`
}

function escaped(before: string) {
  return before.replaceAll('.', '\\.')
}

function byFamily(interval: Interval): readonly Interval[] {
  const inside = {
    low: interval.low > mappedLow ? interval.low : mappedLow,
    high: interval.high < mappedHigh ? interval.high : mappedHigh,
  }
  return [...without([interval], { low: mappedLow, high: mappedHigh }), ...(inside.low <= inside.high ? [inside] : [])]
}

function addressText(value: bigint) {
  return formatIp(Uint32Array.from([96n, 64n, 32n, 0n], (shift) => Number((value >> shift) & 0xffff_ffffn)))
}

/** `fixed`, one of [low, high], any groups. */
type Piece = Readonly<{
  fixed: readonly number[]
  low: number
  high: number
}>

function pieces(low: bigint, high: bigint, count: number, width: number, fixed: readonly number[] = []): Piece[] {
  const rest = BigInt((count - 1 - fixed.length) * width)
  const max = (1n << BigInt(width)) - 1n
  const [first, last] = [Number((low >> rest) & max), Number((high >> rest) & max)]
  const mask = (1n << rest) - 1n
  const startsWhole = (low & mask) === 0n
  const endsWhole = (high & mask) === mask
  if (first === last && !(startsWhole && endsWhole)) return pieces(low, high, count, width, [...fixed, first])
  const results: Piece[] = []
  if (!startsWhole) results.push(...pieces(low, low | mask, count, width, [...fixed, first]))
  const [from, to] = [startsWhole ? first : first + 1, endsWhole ? last : last - 1]
  if (from <= to) results.push({ fixed, low: from, high: to })
  if (!endsWhole) results.push(...pieces(high & ~mask, high, count, width, [...fixed, last]))
  return results
}

function v4(low: bigint, high: bigint, { singles, prefixes, expressions }: Found) {
  for (const { fixed, low: from, high: to } of pieces(low, high, 4, 8)) {
    const before = fixed.map((octet) => `${octet}.`).join('')
    const last = fixed.length === 3
    if (from === to && last) singles.push(`${before}${from}`)
    else if (from === 0 && to === 255 && before !== '') prefixes.push(before)
    else if (from === to) prefixes.push(`${before}${from}.`)
    else expressions.push([before, `(?:${numbersBetween(from, to, 10)})${last ? '$' : '\\.'}`])
  }
}

/** False if zero groups may be hidden in `::`. */
function v6(low: bigint, high: bigint, { singles, prefixes, expressions }: Found): boolean {
  const all = pieces(low, high, 8, 16)
  const isUnambiguous = (groups: readonly number[]) => groups.every((group) => group > 0)
  const [only] = all
  const whole =
    all.length === 1 && only?.low === 0 && only.high === 0xffff && only.fixed.length > 0 && isUnambiguous(only.fixed)
  if (!whole && !all.every(({ fixed, low: from }) => isUnambiguous([...fixed, from]))) return false
  for (const { fixed, low: from, high: to } of all) {
    const before = fixed.map((number) => `${number.toString(16)}:`).join('')
    const last = fixed.length === 7
    if (whole) prefixes.push(before)
    else if (from === to) (last ? singles : prefixes).push(`${before}${from.toString(16)}${last ? '' : ':'}`)
    else expressions.push([before, `(?:${numbersBetween(from, to, 16)})${last ? '$' : ':'}`])
  }
  return true
}

function numbersBetween(low: number, high: number, base: 10 | 16): string {
  const numbers: string[] = []
  for (let length = 1, first = 0; first <= high; length++) {
    const last = base ** length - 1
    if (last >= low)
      numbers.push(...sameLength(Math.max(low, first).toString(base), Math.min(high, last).toString(base), base))
    first = last + 1
  }
  return numbers.join('|')
}

function sameLength(low: string, high: string, base: 10 | 16): string[] {
  if (low === '') return ['']
  const rest = low.length - 1
  const [zero, max] = ['0'.repeat(rest), (base - 1).toString(base).repeat(rest)]
  const [first, last] = [low[0] ?? '', high[0] ?? '']
  if (first === last) return sameLength(low.slice(1), high.slice(1), base).map((tail) => first + tail)
  const results: string[] = []
  const startsWhole = low.slice(1) === zero
  const endsWhole = high.slice(1) === max
  if (!startsWhole) results.push(...sameLength(low.slice(1), max, base).map((tail) => first + tail))
  const [from, to] = [
    Number.parseInt(first, base) + (startsWhole ? 0 : 1),
    Number.parseInt(last, base) - (endsWhole ? 0 : 1),
  ]
  if (from <= to) {
    const all = Array.from({ length: to - from + 1 }, (_, index) => (from + index).toString(base)).join('')
    results.push((all.length === 1 ? all : `[${all}]`) + (base === 10 ? '[0-9]' : '[0-9a-f]').repeat(rest))
  }
  if (!endsWhole)
    results.push(...sameLength(high.slice(1).replace(/./g, '0'), high.slice(1), base).map((tail) => last + tail))
  return results
}

function hex(value: bigint) {
  return value.toString(16).padStart(32, '0')
}

/** 32 hexadecimal digits, which sort like addresses. */
function digits(column: string): string {
  const part = (index: number) => `string_split(${column}, '::')[${index}]`
  const padded = (of: string) =>
    `CASE WHEN ${of} = '' THEN '' ELSE ` +
    `array_to_string(list_transform(string_split(${of}, ':'), lambda g: lpad(g, 4, '0')), '') END`
  const [head, tail] = [padded(part(1)), padded(part(2))]
  return `(CASE WHEN ${part(2)} IS NULL THEN ${head}
      ELSE rpad(${head}, 32 - length(${tail})::INTEGER, '0') || ${tail} END)`
}
