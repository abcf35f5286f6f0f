/** Functions of templates. */
import type { RE2JS } from 're2js'
import { compileRegex } from '../metrics/matchers.ts'
import { bytesOf, durationMs } from '../metrics/lexer.ts'
import { formatGoTime, parseGoTime } from './go-time.ts'
import { decimals } from './decimals.ts'
import { zoneOffset } from './time-zones.ts'
import { assertShallow } from '../../model/json-depth.ts'
import {
  isTime,
  isTrue,
  printed,
  TemplateError,
  textOf,
  type TemplateMap,
  type TemplateTime,
  type TemplateValue,
} from './template-values.ts'

type Matcher = ReturnType<RE2JS['matcher']>

const maxRepeated = 1_048_576

function text(value: TemplateValue): string {
  if (typeof value === 'string') return value
  throw new TemplateError(`${textOf(value)} is no text`)
}

/** As a conversion of a value of any type: a text that is no number is zero. */
function wholeNumber(value: TemplateValue): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value !== 'string') return 0n
  return /^[+-]?\d+(?:\.0*)?$/.test(value) ? BigInt(value.replace(/\..*$/, '').replace(/^\+/, '')) : 0n
}

function float(value: TemplateValue): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'boolean') return Number(value)
  if (typeof value !== 'string') return 0
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(value) ? Number(value) : 0
}

function time(value: TemplateValue): bigint {
  if (isTime(value)) return value.ns
  if (typeof value === 'bigint') return value * 1_000_000_000n
  throw new TemplateError(`${textOf(value)} is no time`)
}

/** Order of two values of the same type. */
function ordered(a: TemplateValue, b: TemplateValue): number {
  const comparable = (typeof a === 'string' || typeof a === 'bigint' || typeof a === 'number') && typeof a === typeof b
  if (!comparable) throw new TemplateError('incompatible types for comparison')
  return a < b! ? -1 : a > b! ? 1 : 0
}

function equalsAny(value: TemplateValue, others: readonly TemplateValue[]): boolean {
  if (others.length === 0) throw new TemplateError('missing argument for comparison')
  return others.some((candidate) => {
    if (value === undefined || candidate === undefined || value === null || candidate === null)
      return (value ?? null) === (candidate ?? null)
    if (typeof value !== typeof candidate) throw new TemplateError('incompatible types for comparison')
    return value === candidate
  })
}

const cutCharacters = (value: string, set: string, ends: 'both' | 'start' | 'end'): string => {
  const characters = Array.from(value)
  const inSet = new Set(set)
  let [from, to] = [0, characters.length]
  while (ends !== 'end' && from < to && inSet.has(characters[from]!)) from++
  while (ends !== 'start' && to > from && inSet.has(characters[to - 1]!)) to--
  return characters.slice(from, to).join('')
}

function replaced(value: string, from: string, to: string, count: number): string {
  if (count < 0) return value.replaceAll(from, () => to)
  let result = value
  let at = 0
  for (let replacedCount = 0; replacedCount < count; replacedCount++) {
    const index = result.indexOf(from, at)
    if (index < 0) break
    result = result.slice(0, index) + to + result.slice(index + from.length)
    at = index + to.length
  }
  return result
}

function repeated(count: bigint, value: string): string {
  if (count < 0n) throw new TemplateError('negative Repeat count')
  if (Number(count) * value.length > maxRepeated) throw new TemplateError('the result of repeat is too long')
  return value.repeat(Number(count))
}

function truncated(count: bigint, value: string): string {
  const length = Number(count)
  if (length < 0) return value.length + length > 0 ? value.slice(length) : value
  return value.slice(0, length)
}

function substring(start: bigint, end: bigint, value: string): string {
  const [from, to] = [Number(start), Number(end)]
  if (from < 0) return value.slice(0, Math.max(0, to))
  return to < 0 || to > value.length ? value.slice(from) : value.slice(from, Math.max(from, to))
}

function aligned(count: bigint, value: string, side: 'left' | 'right'): string {
  const length = Number(count)
  const characters = Array.from(value)
  if (length < 0 || length > 10_000 || characters.length === length) return value
  if (characters.length > length)
    return (side === 'right' ? characters.slice(characters.length - length) : characters.slice(0, length)).join('')
  return side === 'right'
    ? value.padStart(length + value.length - characters.length)
    : value.padEnd(length + value.length - characters.length)
}

function divided(a: bigint, b: bigint): bigint {
  if (b === 0n) throw new TemplateError('integer divide by zero')
  return a / b
}

function rounded(value: number, places: bigint, upFrom: number): number {
  const power = 10 ** Number(places)
  const digit = power * value
  const fraction = digit % 1
  return (
    (Math.abs(fraction) >= upFrom ? (fraction < 0 ? Math.floor(digit) : Math.ceil(digit)) : Math.trunc(digit)) / power
  )
}

function decodeBase64(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '))
  } catch {
    throw new TemplateError(`invalid URL escape in ${JSON.stringify(value)}`)
  }
}

const encoded = (value: string): string =>
  encodeURIComponent(value)
    .replace(/[!'()*]/g, (match) => `%${match.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')

function fromJson(value: string): TemplateValue {
  const typed = (value: unknown): TemplateValue => {
    if (Array.isArray(value)) return value.map(typed)
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, typed(member)]))
    return value as TemplateValue
  }
  try {
    assertShallow(value)
    return typed(JSON.parse(value))
  } catch {
    return ''
  }
}

function lengthOf(value: TemplateValue): bigint {
  if (typeof value === 'string') return BigInt(Buffer.byteLength(value))
  if (Array.isArray(value)) return BigInt(value.length)
  if (typeof value === 'object' && value !== null && !isTime(value)) return BigInt(Object.keys(value).length)
  throw new TemplateError(`len of ${textOf(value)}`)
}

function member(value: TemplateValue, ...keys: TemplateValue[]): TemplateValue {
  let indexedValue = value
  for (const key of keys) {
    if (Array.isArray(indexedValue)) {
      const at = Number(wholeNumber(key))
      if (at < 0 || at >= indexedValue.length) throw new TemplateError('error calling index: index out of range')
      indexedValue = (indexedValue as readonly TemplateValue[])[at]
    } else if (typeof indexedValue === 'object' && indexedValue !== null && !isTime(indexedValue))
      indexedValue = (indexedValue as TemplateMap)[text(key)]
    else throw new TemplateError(`can't index ${textOf(indexedValue)}`)
  }
  return indexedValue
}

function replacedMatches(regex: string, value: string, replacement: (matcher: Matcher) => string): string {
  const matcher = compileRegex(regex).matcher(value)
  let result = ''
  let at = 0
  while (matcher.find()) {
    result += value.slice(at, matcher.start()) + replacement(matcher)
    at = matcher.end()
  }
  return result + value.slice(at)
}

type TemplateFunction = (...parameters: TemplateValue[]) => TemplateValue

const maths =
  (compute: (one: number, other: number) => number): TemplateFunction =>
  (first, ...rest) =>
    rest.reduce<number>((sum, value) => compute(sum, float(value)), float(first))
const integers =
  (compute: (one: bigint, other: bigint) => bigint): TemplateFunction =>
  (first, ...rest) =>
    rest.reduce<bigint>((sum, value) => compute(sum, wholeNumber(value)), wholeNumber(first))

const lower: TemplateFunction = (value) => text(value).toLowerCase()
const upper: TemplateFunction = (value) => text(value).toUpperCase()
const trimSpace: TemplateFunction = (value) => text(value).trim()
const trimPrefix = (prefix: string, value: string): string =>
  value.startsWith(prefix) ? value.slice(prefix.length) : value
const trimSuffix = (suffix: string, value: string): string =>
  suffix !== '' && value.endsWith(suffix) ? value.slice(0, -suffix.length) : value
const indented = (count: bigint, value: string): string =>
  repeated(count, ' ') + value.replaceAll('\n', `\n${repeated(count, ' ')}`)

export const templateFunctions: Readonly<Record<string, TemplateFunction>> = {
  __proto__: null as never,
  not: (value) => !isTrue(value),
  eq: (value, ...others) => equalsAny(value, others),
  ne: (a, b) => !equalsAny(a, [b]),
  lt: (a, b) => ordered(a, b) < 0,
  le: (a, b) => ordered(a, b) <= 0,
  gt: (a, b) => ordered(a, b) > 0,
  ge: (a, b) => ordered(a, b) >= 0,
  len: (value) => lengthOf(value),
  index: member,
  print: (...values) =>
    values
      .map(
        (value, at) =>
          (at > 0 && typeof value !== 'string' && typeof values[at - 1] !== 'string' ? ' ' : '') + textOf(value),
      )
      .join(''),
  println: (...values) => `${values.map(textOf).join(' ')}\n`,
  printf: (format, ...values) => printed(text(format), ...values),
  urlquery: (...values) => encoded(values.map(textOf).join('')),

  lower,
  upper,
  ToLower: lower,
  ToUpper: upper,
  title: (value) =>
    text(value).replace(
      /(^|[^\p{L}\p{N}_'])(\p{L})/gu,
      (_, before: string, letter: string) => before + letter.toUpperCase(),
    ),
  trim: trimSpace,
  TrimSpace: trimSpace,
  trimAll: (set, value) => cutCharacters(text(value), text(set), 'both'),
  Trim: (value, set) => cutCharacters(text(value), text(set), 'both'),
  TrimLeft: (value, set) => cutCharacters(text(value), text(set), 'start'),
  TrimRight: (value, set) => cutCharacters(text(value), text(set), 'end'),
  trimPrefix: (prefix, value) => trimPrefix(text(prefix), text(value)),
  trimSuffix: (suffix, value) => trimSuffix(text(suffix), text(value)),
  TrimPrefix: (value, prefix) => trimPrefix(text(prefix), text(value)),
  TrimSuffix: (value, suffix) => trimSuffix(text(suffix), text(value)),
  replace: (from, to, value) => replaced(text(value), text(from), text(to), -1),
  Replace: (value, from, to, count) => replaced(text(value), text(from), text(to), Number(wholeNumber(count))),
  regexReplaceAll: (regex, value, to) => {
    const layoutText = text(to)
    return replacedMatches(text(regex), text(value), (matcher) =>
      layoutText.replace(/\$(?:(\d+)|\{(\d+)\})/g, (_, plain?: string, braced?: string) => {
        const group = Number(plain ?? braced)
        return group <= matcher.groupCount() ? (matcher.group(group) ?? '') : ''
      }),
    )
  },
  regexReplaceAllLiteral: (regex, value, to) => replacedMatches(text(regex), text(value), () => text(to)),
  count: (regex, value) => {
    const matcher = compileRegex(text(regex)).matcher(text(value))
    let total = 0n
    while (matcher.find()) total++
    return total
  },
  contains: (part, value) => text(value).includes(text(part)),
  hasPrefix: (prefix, value) => text(value).startsWith(text(prefix)),
  hasSuffix: (suffix, value) => text(value).endsWith(text(suffix)),
  trunc: (count, value) => truncated(wholeNumber(count), text(value)),
  substr: (start, end, value) => substring(wholeNumber(start), wholeNumber(end), text(value)),
  repeat: (count, value) => repeated(wholeNumber(count), text(value)),
  indent: (count, value) => indented(wholeNumber(count), text(value)),
  nindent: (count, value) => `\n${indented(wholeNumber(count), text(value))}`,
  alignLeft: (count, value) => aligned(wholeNumber(count), text(value), 'left'),
  alignRight: (count, value) => aligned(wholeNumber(count), text(value), 'right'),
  b64enc: (value) => Buffer.from(text(value)).toString('base64'),
  b64dec: (value) => Buffer.from(text(value), 'base64').toString(),
  urlencode: (value) => encoded(text(value)),
  urldecode: (value) => decodeBase64(text(value)),
  default: (usual, value) => (isTrue(value) ? value : usual),
  fromJson: (value) => fromJson(text(value)),

  int: (value) => wholeNumber(value),
  float64: (value) => float(value),
  add: integers((a, b) => a + b),
  sub: integers((a, b) => a - b),
  mul: integers((a, b) => a * b),
  div: integers(divided),
  mod: (a, b) => wholeNumber(a) - divided(wholeNumber(a), wholeNumber(b)) * wholeNumber(b),
  max: integers((a, b) => (a > b ? a : b)),
  min: integers((a, b) => (a < b ? a : b)),
  addf: (...values) => decimals(values.map(float), '+'),
  subf: (...values) => decimals(values.map(float), '-'),
  mulf: (...values) => decimals(values.map(float), '*'),
  divf: (...values) => decimals(values.map(float), '/'),
  maxf: maths(Math.max),
  minf: maths(Math.min),
  ceil: (value) => Math.ceil(float(value)),
  floor: (value) => Math.floor(float(value)),
  round: (value, places, upFrom = 0.5) => rounded(float(value), wholeNumber(places), float(upFrom)),
  bytes: (value) => {
    const bytes = bytesOf(text(value))
    if (Number.isNaN(bytes)) throw new TemplateError(`${JSON.stringify(value)} is no size`)
    return bytes
  },
  duration: (value) => secondsOf(text(value)),
  duration_seconds: (value) => secondsOf(text(value)),

  date: (layout, value) => formatGoTime(time(value), text(layout)),
  toDate: (layout, value) => ({ ns: parseGoTime(text(layout), text(value)) ?? -62_135_596_800_000_000_000n }),
  toDateInZone: (layout, zone, value) => ({
    ns: parseGoTime(text(layout), text(value), zoneOf(text(zone))) ?? -62_135_596_800_000_000_000n,
  }),
  unixEpoch: (value) => String(time(value) / 1_000_000_000n),
  unixEpochMillis: (value) => String(time(value) / 1_000_000n),
  unixEpochNanos: (value) => String(time(value)),
  unixToTime: (value) => unixToTime(text(value)),
}

function zoneOf(name: string): (localMs: number) => number {
  const offset = zoneOffset(name)
  if (offset === undefined) throw new TemplateError(`unknown time zone ${name}`)
  return offset
}

function secondsOf(written: string): number {
  if (!/^[+-]?(?:0|(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|[smh]))+)$/.test(written))
    throw new TemplateError(`${JSON.stringify(written)} is no duration`)
  return ((written.startsWith('-') ? -1 : 1) * durationMs(written)) / 1000
}

/** Days, seconds, ms, µs or ns since 1970 by the count of digits. */
function unixToTime(written: string): TemplateTime {
  const unit = (
    { 5: 86_400_000_000_000n, 10: 1_000_000_000n, 13: 1_000_000n, 16: 1000n, 19: 1n } as Record<number, bigint>
  )[written.length]
  if (unit === undefined || !/^\d+$/.test(written)) throw new TemplateError(`${JSON.stringify(written)} is no time`)
  return { ns: BigInt(written) * unit }
}
