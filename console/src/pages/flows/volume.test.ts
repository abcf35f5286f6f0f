import { expect, test } from 'vitest'
import { ratesOf } from './volume.tsx'

test('groups cover the range by size, the remainder last, and match the total', () => {
  const columns = ['time', 'other', 'src_name', 'bytes', 'packets', 'flows'].map((name) => ({ name, type: 'X' }))
  const rows = [
    ['2026-11-20T10:00:00Z', false, 'small', 10, 1, 1],
    ['2026-11-20T10:00:00Z', true, null, 500, 1, 1],
    ['2026-11-20T10:00:20Z', false, 'large', 1000, 1, 1],
    ['2026-11-20T10:00:20Z', false, null, '20', 1, 1],
  ]
  const { times, series } = ratesOf({
    columns,
    rows,
    step: 10,
    span: { from: '2026-11-20T10:00:03Z', to: '2026-11-20T10:00:35Z' },
    next: null,
    source: 'raw',
    exact: true,
  })
  expect(times.map((at) => new Date(at * 1000).toISOString().slice(17, 19))).toEqual(['00', '10', '20', '30'])
  expect(series).toEqual([
    { name: 'large', other: false, values: [0, 0, 100, 0] },
    { name: 'no name', other: false, values: [0, 0, 2, 0] },
    { name: 'small', other: false, values: [1, 0, 0, 0] },
    { name: 'others', other: true, values: [50, 0, 0, 0] },
  ])
})
