import { expect, test } from 'vitest'
import { heatRows } from './heat-rows.ts'

const span = { start: 0, end: 30, step: 15 }
const line = (le: string | undefined, values: readonly (readonly [number, number])[], more = {}) => ({
  labels: { ...(le === undefined ? {} : { le }), ...more },
  values,
})

test('cumulative buckets become rows from low to high, whatever their order', () => {
  const lines = [
    line('+Inf', [
      [0, 10],
      [15, 12],
    ]),
    line('0.1', [
      [0, 4],
      [15, 2],
    ]),
    line('10', [
      [0, 9],
      [15, 12],
    ]),
    line('1', [
      [0, 9],
      [15, 7],
    ]),
  ]
  for (const order of [lines, lines.toReversed()])
    expect(heatRows(span, order)).toEqual({
      times: [0, 15, 30],
      rows: [
        { name: '≤ 0.1', values: [4, 2, null] },
        { name: '≤ 1', values: [5, 5, null] },
        { name: '≤ 10', values: [0, 5, null] },
        { name: '≤ ∞', values: [1, 0, null] },
      ],
    })
})

test('series of one bound are added, series without a bound are rows, and NaN is a gap', () => {
  const pods = ['a', 'b'].map((pod) => line('1', [[0, 2]], { pod }))
  expect(heatRows(span, pods).rows).toEqual([{ name: '≤ 1', values: [4, null, null] }])
  expect(heatRows(span, [line(undefined, [[15, Number.NaN]], { pod: 'a' })]).rows).toEqual([
    { name: 'a', values: [null, null, null] },
  ])
  expect(heatRows(span, []).rows).toEqual([])
})
