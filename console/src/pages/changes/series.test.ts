import { expect, test } from 'vitest'
import type { ChangeSums } from '../../api/objects.ts'
import { seriesOf } from './series.ts'

const at = (time: string): string => `2026-11-20T${time}.000Z`
const sums: ChangeSums = {
  span: { from: at('10:00:00'), to: at('10:00:50') },
  step: 20,
  by: 'operation',
  total: 9,
  groups: [
    { value: 'updated', changes: 6 },
    { value: 'created', changes: 2 },
  ],
  others: { groups: 1, changes: 1 },
  buckets: [
    { time: at('10:00:00'), changes: [4, 0, 1] },
    { time: at('10:00:40'), changes: [2, 2, 0] },
  ],
}

test('each bucket has a value for each group and the others, 0 without changes', () => {
  const { times, series } = seriesOf({ ...sums, by: 'kind' })
  expect(times.map((time) => time - (times[0] ?? 0))).toEqual([0, 20, 40])
  expect(series).toEqual([
    { name: 'updated', values: [4, 0, 2], other: false },
    { name: 'created', values: [0, 0, 2], other: false },
    { name: 'others', values: [1, 0, 0], other: true },
  ])
})

test('buckets of which changes may be missing are unknown and not 0', () => {
  const start = Date.parse(at('10:00:00')) / 1000
  const { series, unknown } = seriesOf({ ...sums, stopped: [{ from: at('10:00:05'), to: at('10:00:25') }] })
  expect(unknown).toEqual([{ from: start + 20, to: start + 40 }])
  expect(series.map(({ values }) => values)).toEqual([
    [1, null, 0],
    [0, null, 2],
    [4, null, 2],
  ])
  const later = seriesOf({ ...sums, buckets: sums.buckets.slice(1), since: at('10:00:45') })
  expect(later.unknown).toEqual([{ from: start, to: start + 40 }])
  expect(later.series.map(({ values }) => values[1])).toEqual([null, null, null])
})

test('operations have a fixed order and colour', () => {
  expect(seriesOf({ ...sums, others: { groups: 0, changes: 0 } }).series.map(({ name }) => name)).toEqual([
    'created',
    'updated',
  ])
  expect(
    seriesOf({
      ...sums,
      by: 'namespace',
      groups: [{ value: null, changes: 1 }],
      others: { groups: 0, changes: 0 },
    }).series.map(({ name }) => name),
  ).toEqual(['cluster-scoped'])
})
