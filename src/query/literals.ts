import { parseCidr } from '../model/cidr.ts'
import { mappedPrefix, parseIp } from '../model/ip.ts'
import { refuse, type Literal, type Span } from './ast.ts'
import { without, type Interval } from './intervals.ts'
import type { QueryField } from './names.ts'
import { floor, isWhole, quantity, rangeEnds, type Decimal } from './quantities.ts'
import { timeOf } from './times.ts'
import { numberOfWord, wordsOf } from './words.ts'
import { nearest } from '../schema/suggest.ts'

const nowhere: Span = { from: 0, to: 0 }

export function spanOf({ at }: { at?: Span }): Span {
  return at ?? nowhere
}

export function numberOf(field: QueryField, text: string, at: Span): Decimal | undefined {
  const word = numberOfWord(field.name, text)
  if (word !== undefined) return { digits: BigInt(word), scale: 0 }
  return quantity(text, field.unit, at)
}

export function integersOf(field: QueryField, literal: Literal): Interval[] {
  const at = spanOf(literal)
  const single = numberOf(field, literal.text, at)
  if (single !== undefined) return isWhole(single) ? [{ low: floor(single), high: floor(single) }] : []
  const [from, to] = rangeEnds(literal.text) ?? []
  const [low, high] = [
    from === undefined ? undefined : numberOf(field, from, at),
    to === undefined ? undefined : numberOf(field, to, at),
  ]
  if (low === undefined || high === undefined) return refuseNumber(field, literal)
  const interval = { low: ceiling(low), high: floor(high) }
  if (interval.low > interval.high && compare(low, high) > 0)
    refuse(`The range ${literal.text} begins above its end.`, at)
  return [interval]
}

export function refuseNumber(field: QueryField, literal: Literal): never {
  const words = wordsOf(field.name)
  const near = words === undefined ? undefined : nearest(literal.text, Object.keys(words))
  refuse(
    `${field.name} is a number; ${show(literal.text)} is not.`,
    spanOf(literal),
    near === undefined ? undefined : `Did you mean ${near}?`,
  )
}

export function ceiling(value: Decimal): bigint {
  return isWhole(value) ? floor(value) : floor(value) + 1n
}

function compare(a: Decimal, b: Decimal): number {
  const [left, right] = [a.digits * 10n ** BigInt(b.scale), b.digits * 10n ** BigInt(a.scale)]
  return left < right ? -1 : left > right ? 1 : 0
}

/** In microseconds. */
export function timesOf(literal: Literal): Interval[] {
  const single = instant(literal.text, spanOf(literal))
  if (single !== undefined) return [{ low: single, high: single }]
  const [from, to] = rangeEnds(literal.text.includes('..') ? literal.text : '') ?? []
  const [low, high] = [
    from === undefined ? undefined : instant(from, spanOf(literal)),
    to === undefined ? undefined : instant(to, spanOf(literal)),
  ]
  if (low === undefined || high === undefined)
    refuse(
      `${show(literal.text)} is not a time.`,
      spanOf(literal),
      'Write 2026-11-20T10:00:00Z, or Unix milliseconds; times are UTC.',
    )
  if (low > high) refuse(`The range ${literal.text} begins after its end.`, spanOf(literal))
  return [{ low, high }]
}

export function instant(text: string, at: Span): bigint | undefined {
  const written = timeOf(text)
  if (written !== undefined) return written
  if (!/^-?\d{1,18}$/.test(text)) return undefined
  const ms = quantity(text, undefined, at)
  return ms === undefined ? undefined : floor(ms) * 1000n
}

const mapped: Interval = { low: BigInt(mappedPrefix) << 32n, high: (BigInt(mappedPrefix + 1) << 32n) - 1n }

function wide(words: Uint32Array) {
  return words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n)
}

/** 128-bit integers. Families are separate: `::/0` contains no IPv4 address. */
export function addressesOf(literal: Literal): Interval[] {
  const { text } = literal
  const prefix = parseCidr(text)
  if (prefix !== undefined) {
    const low = wide(prefix.words)
    const interval = { low, high: low + (1n << BigInt(128 - prefix.bits)) - 1n }
    return prefix.bits >= 96 ? [interval] : [...without([interval], mapped)]
  }
  const [from, to] = rangeEnds(text) ?? []
  const [first, last] = [from === undefined ? undefined : parseIp(from), to === undefined ? undefined : parseIp(to)]
  if (first === undefined || last === undefined)
    refuse(
      `${show(text)} is not an address.`,
      spanOf(literal),
      'Write 10.0.0.1, 10.0.0.0/8, 10.0.0.1-10.0.0.9 or 2001:db8::/32.',
    )
  const [low, high] = [wide(first), wide(last)]
  const isV4 = (value: bigint) => value >= mapped.low && value <= mapped.high
  if (isV4(low) !== isV4(high)) refuse('A range of addresses must be of one family.', spanOf(literal))
  if (low > high) refuse(`The range ${text} begins above its end.`, spanOf(literal))
  return isV4(low) ? [{ low, high }] : [...without([{ low, high }], mapped)]
}

/** 48 bits. */
export function macOf(literal: Literal): Interval[] {
  if (!/^[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}$/i.test(literal.text))
    refuse(`${show(literal.text)} is not a MAC address.`, spanOf(literal), 'Write 02:42:ac:11:00:02.')
  const value = BigInt(`0x${literal.text.replace(/[:-]/g, '')}`)
  return [{ low: value, high: value }]
}

export function truthOf(literal: Literal): Interval[] {
  const match = /^(?:(true|yes|1)|(false|no|0))$/i.exec(literal.text)
  if (match === null) refuse(`${show(literal.text)} is neither true nor false.`, spanOf(literal))
  const value = match[1] === undefined ? 0n : 1n
  return [{ low: value, high: value }]
}

export function show(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 40)}…` : text
  return short === '' ? 'an empty text' : short
}
