import { expect, test, vi } from 'vitest'
import { fromFirstRow, ratesOf } from './series.ts'

const at = (time: string): string => `2026-11-20T${time}.000Z`

const minute = {
  columns: ['time', 'bytes'].map((name) => ({ name, type: '' })),
  rows: [[at('12:00:20'), '600']],
  next: null,
  source: 'raw',
  span: { from: at('12:00:00'), to: at('12:01:00') },
  step: 10,
}

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
    unknown: [],
    sum: 600,
  })
})

test('buckets before the first stored flow, and those that are not stored yet, are unknown and not 0', () => {
  const answer = {
    ...minute,
    exact: true,
    since: at('12:00:12'),
    stored_to: at('12:00:38'),
  }
  const start = Date.parse(at('12:00:00')) / 1000
  expect(ratesOf(answer as never)).toMatchObject({
    values: [null, 0, 60, 0, null, null],
    unknown: [
      { from: start, to: start + 10 },
      { from: start + 40, to: start + 60 },
    ],
  })
  expect(ratesOf({ ...answer, since: at('12:01:00') } as never).values).toEqual([null, null, null, null, null, null])
})

test('buckets without flows are unknown where a damaged file lost flows, or Weir did not run', () => {
  const answer = {
    ...minute,
    exact: false,
    lost: [{ from: at('12:00:14'), to: at('12:00:45') }],
    stopped: [{ from: at('12:00:52'), to: at('12:00:55') }],
  }
  const start = Date.parse(at('12:00:00')) / 1000
  expect(ratesOf(answer as never)).toMatchObject({
    values: [0, null, 60, null, null, null],
    unknown: [
      { from: start + 10, to: start + 20 },
      { from: start + 30, to: start + 60 },
    ],
  })
})

test('buckets in the future are unknown, except those with flows of a fast clock', () => {
  vi.useFakeTimers({ now: Date.parse(at('12:00:15')) })
  try {
    const start = Date.parse(at('12:00:00')) / 1000
    expect(ratesOf({ ...minute, exact: true, rows: [[at('12:00:40'), '600']] } as never)).toMatchObject({
      values: [0, 0, null, null, 60, null],
      unknown: [
        { from: start + 20, to: start + 40 },
        { from: start + 50, to: start + 60 },
      ],
    })
  } finally {
    vi.useRealTimers()
  }
})

test('the chart of a young server begins shortly before its first row', () => {
  const times = [0, 10, 20, 30, 40, 50, 60, 70]
  const young = { times, values: [null, null, null, null, null, null, 5, 6], unknown: [{ from: 0, to: 60 }], sum: 110 }
  expect(fromFirstRow(young)).toEqual({
    times: [50, 60, 70],
    values: [null, 5, 6],
    unknown: [{ from: 50, to: 60 }],
    sum: 110,
    since: 60,
  })
  const old = { ...young, values: [null, 1, 2, 3, 4, 5, 6, 7], unknown: [{ from: 0, to: 10 }] }
  expect(fromFirstRow(old)).toBe(old)
  const none = { ...young, values: times.map(() => null) }
  expect(fromFirstRow(none)).toBe(none)
})
