import { expect, test } from 'vitest'
import { ratesOf } from './series.ts'

const at = (time: string): string => `2026-11-20T${time}.000Z`

test('buckets without flows are 0, and the sum matches the response', () => {
  const answer = {
    columns: [
      { name: 'time', type: '' },
      { name: 'bytes', type: '' },
    ],
    rows: [[at('12:00:10'), '600']],
    next: null,
    source: 'raw',
    span: { from: at('12:00:00'), to: at('12:00:30') },
    exact: true,
    step: 10,
  }
  expect(ratesOf(answer as never)).toEqual({
    times: [0, 10, 20].map((seconds) => Date.parse(at('12:00:00')) / 1000 + seconds),
    values: [0, 60, 0],
    sum: 600,
  })
})
