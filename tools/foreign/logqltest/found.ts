/** Series that a query found beside those of a test. */
import type { LabelSet } from '../../../src/query/metrics/labels.ts'
import { compared, right, type Verdicts } from './cases.ts'

/** Time in ms. */
export type Point = readonly [time: number, value: number]
export type Found = readonly Readonly<{ labels: LabelSet; points: readonly Point[] }>[]

const isNear = (one: number, other: number): boolean =>
  Object.is(one, other) || Math.abs(one - other) <= 1e-9 * Math.max(Math.abs(one), Math.abs(other))

export function difference(query: string, wanted: Found, found: Found, order: 'ordered' | 'any'): Verdicts {
  const inOrder = (all: Found): Found =>
    order === 'ordered' ? all : all.toSorted((a, b) => (a.labels.key < b.labels.key ? -1 : 1))
  const [expected, actual] = [inOrder(wanted), inOrder(found)]
  const isSame =
    expected.length === actual.length &&
    expected.every(({ labels, points }, at) => {
      const other = actual[at]!
      return (
        labels.key === other.labels.key &&
        points.length === other.points.length &&
        points.every(([time, value], index) => {
          const [otherTime, otherValue] = other.points[index]!
          return time === otherTime && isNear(value, otherValue)
        })
      )
    })
  return isSame ? right : compared(query, JSON.stringify(expected), JSON.stringify(actual))
}
