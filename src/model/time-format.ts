/** Times of records by format. */
import { instantOf, type ZonedTime } from './zones.ts'

export interface TimeRule {
  readonly format: string
  readonly zone: string
  readonly ambiguous: 'earlier' | 'later'
}

/** Throws with the reason. */
export type TimeReader = (value: unknown) => ZonedTime

/** Digits of a Unix time after the seconds. */
const unixDigits: Readonly<Record<string, number>> = { unix: 0, unix_ms: 3, unix_us: 6, unix_ns: 9 }
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const furthestMs = 8.64e15

type Parts = { year: number; month: number; day: number; hour: number; minute: number; second: number; ms: number } & {
  pm?: boolean
  offset?: number
  dayOfYear?: number
  epoch?: number
}

type Directive = Readonly<{ pattern: string; put: (parts: Parts, text: string) => void }>

const twoDigits = (name: 'month' | 'day' | 'hour' | 'minute' | 'second'): Directive => ({
  pattern: '\\s?\\d{1,2}',
  put: (parts, text) => {
    parts[name] = Number(text)
  },
})

const directives: Readonly<Record<string, Directive>> = {
  Y: { pattern: '\\d{4}', put: (parts, text) => void (parts.year = Number(text)) },
  y: {
    pattern: '\\d{2}',
    put: (parts, text) => void (parts.year = Number(text) + (Number(text) < 69 ? 2000 : 1900)),
  },
  m: twoDigits('month'),
  d: twoDigits('day'),
  e: twoDigits('day'),
  H: twoDigits('hour'),
  I: twoDigits('hour'),
  M: twoDigits('minute'),
  S: twoDigits('second'),
  f: { pattern: '\\d{1,9}', put: (parts, text) => void (parts.ms = Math.floor(Number(`0.${text}`) * 1000)) },
  L: { pattern: '\\d{3}', put: (parts, text) => void (parts.ms = Number(text)) },
  p: { pattern: '[AaPp][Mm]', put: (parts, text) => void (parts.pm = text.toLowerCase() === 'pm') },
  b: { pattern: '[A-Za-z]{3}', put: putMonth },
  B: { pattern: '[A-Za-z]{3,9}', put: putMonth },
  a: { pattern: '[A-Za-z]{3}', put: () => undefined },
  A: { pattern: '[A-Za-z]{6,9}', put: () => undefined },
  j: { pattern: '\\d{1,3}', put: (parts, text) => void (parts.dayOfYear = Number(text)) },
  z: { pattern: 'Z|[+-]\\d{2}:?\\d{2}', put: (parts, text) => void (parts.offset = offsetOf(text)) },
  Z: { pattern: 'UTC|GMT|Z', put: (parts) => void (parts.offset = 0) },
  s: { pattern: '-?\\d+', put: (parts, text) => void (parts.epoch = Number(text)) },
}
const shorthands: Readonly<Record<string, string>> = { F: '%Y-%m-%d', T: '%H:%M:%S', D: '%m/%d/%y', R: '%H:%M' }
/** As RFC 3339; the offset may be absent, and a blank may be in place of `T`. */
const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?([Zz]|[+-]\d\d:?\d\d)?)?$/

export function timeFormatProblem(format: string): string | undefined {
  if (format === 'rfc3339' || Object.hasOwn(unixDigits, format)) return undefined
  if (!format.includes('%')) return `there is no time format \`${format}\``
  const unknown = [...expanded(format).matchAll(/%(.?)/g)].find(([, match = '']) => match !== '%' && !directives[match])
  return unknown === undefined ? undefined : `\`${unknown[0]}\` is no supported part of a time format`
}

export function timeReader(rule: TimeRule): TimeReader {
  const digits = unixDigits[rule.format]
  if (digits !== undefined) return (value) => ({ at: unixMs(value, digits) })
  if (rule.format === 'rfc3339') return (value) => resolve(readRfc3339(textOf(value)), rule)
  const read = patternReader(rule.format)
  return (value) => resolve(read(textOf(value)), rule)
}

function textOf(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') throw new Error('the time is no text')
  return String(value).trim()
}

function unixMs(value: unknown, digits: number): number {
  if (digits <= 3 && Number.isSafeInteger(value)) return inRange(Number(value) * 10 ** (3 - digits), value)
  const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value
  if (typeof text !== 'string' || !/^\s*[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?\s*$/.test(text))
    throw new Error(`\`${shown(value)}\` is no Unix time`)
  // A double cannot hold nanoseconds of today.
  const whole = /^\s*-?\d+\s*$/.test(text) && digits > 3
  const ms = whole ? Number(BigInt(text.trim()) / 10n ** BigInt(digits - 3)) : Number(text) * 10 ** (3 - digits)
  return inRange(Math.floor(Number(ms.toFixed(3))), value)
}

function inRange(ms: number, value: unknown) {
  if (!(Math.abs(ms) <= furthestMs)) throw new Error(`the time \`${shown(value)}\` is out of range`)
  return ms
}

function readRfc3339(text: string): Parts {
  const match = rfc3339.exec(text)
  if (match === null) throw new Error(`\`${shown(text)}\` is no time as in RFC 3339`)
  const [, year, month, day, hour = 0, minute = 0, second = 0, fraction = '0', offset] = match
  return {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    ms: Math.floor(Number(`0.${fraction}`) * 1000),
    ...(offset === undefined ? {} : { offset: offsetOf(offset) }),
  }
}

function expanded(format: string) {
  return format.replaceAll(/%([FTDR])/g, (_, match: string) => shorthands[match] ?? '')
}

function patternReader(format: string): (text: string) => Parts {
  const puts: Directive['put'][] = []
  const source = expanded(format).replaceAll(/%(.)|([^%]+)/g, (_, match: string | undefined, literal: string) => {
    const directive = directives[match ?? '']
    if (directive === undefined) return match === '%' ? '%' : literal.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    puts.push(directive.put)
    return `(${directive.pattern})`
  })
  const expression = new RegExp(`^${source}$`)
  return (text) => {
    const match = expression.exec(text)
    if (match === null) throw new Error(`the time \`${shown(text)}\` does not have the format \`${format}\``)
    const parts: Parts = { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, ms: 0 }
    for (const [at, put] of puts.entries()) put(parts, (match[at + 1] ?? '').trim())
    if (parts.pm !== undefined) parts.hour = (parts.hour % 12) + (parts.pm ? 12 : 0)
    return parts
  }
}

function putMonth(parts: Parts, text: string) {
  const month = months.indexOf(text.slice(0, 3).toLowerCase()) + 1
  if (month === 0) throw new Error(`\`${shown(text)}\` is no month`)
  parts.month = month
}

function offsetOf(text: string): number {
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(text)
  if (match === null) return 0
  const ms = (Number(match[2]) * 60 + Number(match[3])) * 60_000
  return match[1] === '-' ? -ms : ms
}

function resolve(parts: Parts, { zone, ambiguous }: TimeRule): ZonedTime {
  const { year, month, day, hour, minute, second, ms, offset, dayOfYear, epoch } = parts
  if (epoch !== undefined) return { at: inRange(epoch * 1000 + ms, epoch) }
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  // A leap second is the first one of the next minute.
  const isValid =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second <= 60
  if (!isValid) throw new Error(`there is no such time: ${[year, month, day, hour, minute, second].join(' ')}`)
  if (dayOfYear !== undefined) date.setUTCMonth(0, dayOfYear)
  const local = date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + ms
  if (offset !== undefined) return { at: local - offset }
  return zone === 'UTC' ? { at: local } : instantOf(local, zone, ambiguous)
}

function shown(value: unknown) {
  return String(value).slice(0, 64)
}
