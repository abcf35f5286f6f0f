import { expect, test, vi } from 'vitest'
import { ratesOf } from './series.ts'

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
