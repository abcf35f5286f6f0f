/** Tests of members of JSON, and the parts that they share with those of columns. */
import { QueryError, type Literal } from './ast.ts'
import type { DoubleInterval, Match, Order } from './bound.ts'
import { merged, type Interval } from './intervals.ts'
import { ceiling, spanOf } from './literals.ts'
import { floor, isWhole, quantity, rangeEnds, toDouble, type Decimal } from './quantities.ts'

/** Whole numbers that a member can be: 38 digits. */
const whole: Interval = { low: 1n - 10n ** 38n, high: 10n ** 38n - 1n }

/** The literal decides: an unquoted number or range compares numbers by value, all else texts. */
export function bindMember(operator: '=' | Order, literals: readonly Literal[]): Match {
  if (operator === '=') {
    const ranges = literals.map(rangeOf).filter((range) => range !== undefined)
    if (ranges.length === 0) return textsOf(literals)
    const integers = ranges.map(([low, high]) => ({ low: ceiling(low), high: floor(high) }))
    return {
      is: 'value',
      texts: textsOf(literals),
      integers: merged(integers, whole.low, whole.high),
      doubles: ranges.map(([low, high]) => ({
        low: toDouble(low),
        high: toDouble(high),
        lowOpen: false,
        highOpen: false,
      })),
    }
  }
  const literal = literals[0]!
  const value = numberOf(literal)
  if (value === undefined)
    return { is: 'value', texts: { is: 'order', operator, text: literal.text }, integers: [], doubles: [] }
  return {
    is: 'value',
    integers: merged([exceeding(operator, value, whole)], whole.low, whole.high),
    doubles: [beyond(operator, toDouble(value))],
  }
}

function numberOf(literal: Literal, text = literal.text): Decimal | undefined {
  if (literal.quoted) return undefined
  try {
    return quantity(text, undefined, spanOf(literal))
  } catch (error) {
    // A unit of another field: the literal is a text.
    if (error instanceof QueryError) return undefined
    throw error
  }
}

function rangeOf(literal: Literal): readonly [low: Decimal, high: Decimal] | undefined {
  const single = numberOf(literal)
  if (single !== undefined) return [single, single]
  const [from, to] = rangeEnds(literal.text) ?? []
  const [low, high] = [from, to].map((end) => (end === undefined ? undefined : numberOf(literal, end)))
  return low === undefined || high === undefined || toDouble(low) > toDouble(high) ? undefined : [low, high]
}

export function textsOf(literals: readonly Literal[]): Extract<Match, { is: 'texts' }> {
  const wild = (literal: Literal) => !literal.quoted && literal.text.includes('*')
  return {
    is: 'texts',
    texts: literals.filter((literal) => !wild(literal)).map(({ text }) => text),
    wildcards: literals.filter(wild).map(({ text }) => text),
  }
}

export function beyond(operator: Order, value: number): DoubleInterval {
  const open = operator === '<' || operator === '>'
  return operator.startsWith('<')
    ? { low: -Infinity, lowOpen: false, high: value, highOpen: open }
    : { low: value, lowOpen: open, high: Infinity, highOpen: false }
}

export function exceeding(operator: Order, value: Decimal, { low, high }: Interval): Interval {
  switch (operator) {
    case '<':
      return { low, high: isWhole(value) ? floor(value) - 1n : floor(value) }
    case '<=':
      return { low, high: floor(value) }
    case '>':
      return { low: floor(value) + 1n, high }
    case '>=':
      return { low: ceiling(value), high }
  }
}
