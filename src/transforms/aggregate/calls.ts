export const functions = ['sum', 'min', 'max', 'avg', 'last', 'count'] as const

export type Call = Readonly<{
  of: (typeof functions)[number]
  field: string
}>

/** `sum(bytes)`; undefined if invalid. */
export function callOf(written: string): Call | undefined {
  const [, name, field = ''] = /^\s*(\w+)\(\s*([\w.-]*)\s*\)\s*$/.exec(written) ?? []
  const of = functions.find((candidate) => candidate === name)
  return of === undefined ? undefined : { of, field }
}

/** The columns that calls sum up, for one group. Absent values are skipped. */
export interface Value {
  count: number
  sum: number
  /** Parts of a sum of whole numbers, so that it stays exact beyond 2^53. */
  high: number
  low: number
  whole: boolean
  min: number
  max: number
  last: string
}

export function newValue(): Value {
  return { count: 0, sum: 0, high: 0, low: 0, whole: true, min: Infinity, max: -Infinity, last: '' }
}

const twoTo32 = 2 ** 32

export function addNumber(value: Value, number: number): void {
  if (Number.isNaN(number)) return
  value.count++
  value.sum += number
  if (number < value.min) value.min = number
  if (number > value.max) value.max = number
  if (!value.whole) return
  if (!Number.isInteger(number)) value.whole = false
  else {
    const high = Math.floor(number / twoTo32)
    value.high += high
    value.low += number - high * twoTo32
  }
}

/** Undefined if no row had a value. */
export function resultOf({ of, field }: Call, value: Value, rows: number): unknown {
  if (of === 'count') return field === '' ? rows : value.count
  if (of === 'last') return value.last === '' ? undefined : (JSON.parse(value.last) as unknown)
  if (value.count === 0) return undefined
  switch (of) {
    case 'min':
      return value.min
    case 'max':
      return value.max
    case 'avg':
      return value.sum / value.count
    default: {
      if (!value.whole) return value.sum
      const exact = BigInt(value.high) * BigInt(twoTo32) + BigInt(value.low)
      const number = Number(exact)
      return Number.isSafeInteger(number) ? number : exact
    }
  }
}
