import { quantity, QueryError, toDouble } from '../query/index.ts'

const operators = ['>=', '<=', '>', '<', '='] as const

export type Condition = Readonly<{
  operator: (typeof operators)[number]
  threshold: number
}>

const shape = /^\s*(>=|<=|>|<|=)\s*([-+]?[\d.][\d._]*(?:e[+-]?\d+)?)\s*([a-zA-Zµμ]*)(\/s)?\s*$/
const bits: Readonly<Record<string, number>> = { bit: 1, kbit: 1e3, Mbit: 1e6, Gbit: 1e9, Tbit: 1e12 }

/** Returns a text with the reason if it cannot be read. `> 10 MB/s` is in the unit of the value. */
export function readCondition(
  written: string,
  { unit, perSecond }: Readonly<{ unit: string; perSecond: boolean }>,
): Condition | string {
  const [, operator, number = '', suffix = '', rate] = shape.exec(written) ?? []
  if (operator === undefined) return `\`${written}\` is not a condition; write for example \`> 10 MB/s\``
  if (rate !== undefined && !perSecond) return 'the value is no rate; remove `/s`, or add it to `measure`'
  const threshold = Object.hasOwn(bits, suffix)
    ? unit === 'By'
      ? (Number(number) * bits[suffix]!) / 8
      : 'the value is not in bytes'
    : amount(number + suffix, unit)
  if (typeof threshold === 'string') return threshold
  if (!Number.isFinite(threshold)) return `\`${number}${suffix}\` is not a number`
  return { operator: operator as Condition['operator'], threshold }
}

function amount(text: string, unit: string): number | string {
  try {
    const read = quantity(text, unit, { from: 0, to: text.length })
    return read === undefined ? `\`${text}\` is not a number in this unit` : toDouble(read)
  } catch (error) {
    if (error instanceof QueryError) return error.message
    throw error
  }
}

export function holds({ operator, threshold }: Condition, value: number): boolean {
  if (operator === '>') return value > threshold
  if (operator === '>=') return value >= threshold
  if (operator === '<') return value < threshold
  if (operator === '<=') return value <= threshold
  return value === threshold
}
