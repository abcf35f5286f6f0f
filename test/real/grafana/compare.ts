/** Compares answers of two servers with the query API of Prometheus. */
import { expect } from 'vitest'

export interface Answer {
  readonly status: string
  readonly data?: { readonly resultType: string; readonly result: readonly unknown[] }
}

interface Item {
  readonly metric: Record<string, string>
  readonly value?: readonly [number, string]
  readonly values?: readonly (readonly [number, string])[]
}

const numberOf = (text: string): number => (text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text))

function isClose(one: string, other: string): boolean {
  const [a, b] = [numberOf(one), numberOf(other)]
  return (
    one === other || Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b), 1e-3)
  )
}

const byName = ([one]: [string, string], [other]: [string, string]): number => (one < other ? -1 : one > other ? 1 : 0)

/** In place of a value that is close: the expected one. */
function aligned(actual: Answer, expected: Answer): unknown {
  const type = expected.data?.resultType
  if (type === 'scalar' || type === 'string')
    return sameValues([actual.data?.result as never], [expected.data?.result as never])
  const keyOf = ({ metric }: Item): string => JSON.stringify(Object.entries(metric).toSorted(byName))
  const others = new Map(((expected.data?.result ?? []) as Item[]).map((item) => [keyOf(item), item]))
  return ((actual.data?.result ?? []) as Item[]).map((item) => {
    const other = others.get(keyOf(item))
    if (other === undefined) return item
    return {
      metric: other.metric,
      ...(item.value === undefined ? {} : { value: sameValues([item.value], [other.value!])[0] }),
      ...(item.values === undefined ? {} : { values: sameValues(item.values, other.values ?? []) }),
    }
  })
}

function sameValues(actual: readonly (readonly [number, string])[], expected: readonly (readonly [number, string])[]) {
  return actual.map(([time, value], at) => {
    const [otherTime, other] = expected[at] ?? [NaN, '']
    return [time, otherTime === time && isClose(value, other) ? other : value]
  })
}

const sortedItems = (items: readonly unknown[]): unknown[] =>
  items
    .map((item) =>
      (item as Item).metric === undefined
        ? item
        : { ...(item as Item), metric: Object.fromEntries(Object.entries((item as Item).metric).toSorted(byName)) },
    )
    .toSorted((one, other) => (JSON.stringify((one as Item).metric) < JSON.stringify((other as Item).metric) ? -1 : 1))

/** Values may differ in the last digits. */
export function expectSame(query: string, actual: Answer, expected: Answer): void {
  expect(actual.status, query).toBe(expected.status)
  if (expected.data === undefined) return
  expect(actual.data?.resultType, query).toBe(expected.data.resultType)
  const type = expected.data.resultType
  const result = aligned(actual, expected) as unknown[]
  if (type === 'scalar' || type === 'string') expect(result[0], query).toEqual(expected.data.result)
  else expect(sortedItems(result), query).toEqual(sortedItems(expected.data.result))
}
