import { RE2JS } from 're2js'
import type { DoubleInterval, Match } from './bound.ts'
import type { Interval } from './intervals.ts'
import { compareBytes } from '../model/text-order.ts'
import { wildcardTest } from './wildcard.ts'

type NumberTest = (value: number) => boolean

export type WordsTest = (a: number, b: number, c: number, d: number) => boolean

export function numberTest(intervals: readonly Interval[]): NumberTest {
  const lows = Float64Array.from(intervals, ({ low }) => doubleAbove(low))
  const highs = Float64Array.from(intervals, ({ high }) => doubleBelow(high))
  const [low = 0, high = 0] = [lows[0], highs[0]]
  if (intervals.length === 1) return low === high ? (value) => value === low : (value) => value >= low && value <= high
  return (value) => {
    let [from, to] = [0, lows.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if ((lows[middle] ?? 0) <= value) from = middle + 1
      else to = middle
    }
    return from > 0 && value <= (highs[from - 1] ?? 0)
  }
}

/** Smallest double not below `value`. */
function doubleAbove(value: bigint) {
  return -doubleBelow(-value)
}

function doubleBelow(value: bigint): number {
  const near = Number(value)
  if (BigInt(near) <= value) return near
  const bits = new BigInt64Array(new Float64Array([near]).buffer)
  bits[0] = (bits[0] ?? 0n) + (near > 0 ? -1n : 1n)
  return new Float64Array(bits.buffer)[0] ?? near
}

export function wordsTest(intervals: readonly Interval[]): WordsTest {
  const lows = new Bounds(intervals.map(({ low }) => low))
  const highs = new Bounds(intervals.map(({ high }) => high))
  const count = intervals.length
  return (a, b, c, d) => {
    let [from, to] = [0, count]
    while (from < to) {
      const middle = (from + to) >> 1
      if (lows.compare(middle, a, b, c, d) <= 0) from = middle + 1
      else to = middle
    }
    return from > 0 && highs.compare(from - 1, a, b, c, d) >= 0
  }
}

/** Values of 128 bits, as four words each. */
class Bounds {
  readonly #words: Uint32Array

  constructor(values: readonly bigint[]) {
    this.#words = Uint32Array.from(
      values.flatMap((value) => [96n, 64n, 32n, 0n].map((shift) => Number((value >> shift) & 0xffff_ffffn))),
    )
  }

  compare(index: number, a: number, b: number, c: number, d: number): number {
    const words = this.#words
    const at = index * 4
    return (words[at] ?? 0) - a || (words[at + 1] ?? 0) - b || (words[at + 2] ?? 0) - c || (words[at + 3] ?? 0) - d
  }
}

export function doubleTest(intervals: readonly DoubleInterval[]): NumberTest {
  return (value) =>
    intervals.some(
      ({ low, high, lowOpen, highOpen }) =>
        (lowOpen ? value > low : value >= low) && (highOpen ? value < high : value <= high),
    )
}

export function textTest(match: Match): (text: string) => boolean {
  switch (match.is) {
    case 'texts': {
      const texts = new Set(match.texts)
      const wildcards = match.wildcards.map(wildcardTest)
      return (text) => texts.has(text) || wildcards.some((test) => test(text))
    }
    case 'order': {
      const { operator, text: limit } = match
      return (text) => holds(operator, compareBytes(text, limit))
    }
    case 'found': {
      const expressions = match.patterns.map((pattern) => RE2JS.compile(pattern))
      return (text) => expressions.some((expression) => expression.test(text))
    }
    default:
      return () => match.is === 'exists'
  }
}

export function holds(operator: '=' | '<' | '<=' | '>' | '>=', order: number): boolean {
  switch (operator) {
    case '=':
      return order === 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}
