import { expect, test } from 'vitest'
import { drawnLines, lineName } from './lines.ts'
import { spanOf } from './queries.ts'

test('steps without a sample, and values that are no numbers, are gaps', () => {
  const span = { start: 0, end: 45, step: 15 }
  const lines = [
    { labels: { pod: 'a' }, values: [[0, 1] as const, [30, Number.NaN] as const, [45, 2] as const] },
    { labels: {}, values: [[15, -9] as const] },
  ]
  const { times, series, hidden } = drawnLines({ span, lines, warnings: [] })
  expect(times).toEqual([0, 15, 30, 45])
  expect(series).toEqual([
    { name: 'without label', values: [null, -9, null, null] },
    { name: 'a', values: [1, null, null, 2] },
  ])
  expect(hidden).toBe(0)
})

test('the 20 series with the largest values are drawn, and the others counted', () => {
  const lines = Array.from({ length: 25 }, (_, index) => ({ labels: { n: `${index}` }, values: [[0, index] as const] }))
  const { series, hidden } = drawnLines({ span: { start: 0, end: 0, step: 15 }, lines, warnings: [] })
  expect([series.length, hidden, series[0]?.name, series.at(-1)?.name]).toEqual([20, 5, '24', '5'])
})

test('names of series have the labels that distinguish them', () => {
  expect(lineName({})).toBe('')
  expect(lineName({ __name__: 'up' })).toBe('up')
  expect(lineName({ pod: 'a' })).toBe('a')
  expect(lineName({ pod: 'a', zone: 'z' })).toBe('pod=a, zone=z')
  expect(lineName({ __name__: 'up', pod: 'a' })).toBe('up pod=a')
})

test('steps are multiples of 15 seconds, at most 240 of them', () => {
  const now = Date.UTC(2026, 10, 30, 12, 0, 7)
  const { start, end, step } = spanOf({ from: 'now-1h', to: 'now' }, now)
  expect([start % 15, end % 15, step]).toEqual([0, 0, 15])
  const week = spanOf({ from: 'now-7d', to: 'now' }, now)
  expect((week.end - week.start) / week.step).toBeLessThanOrEqual(241)
  expect(week.step % 15).toBe(0)
})

test('earlier samples are at the places of the current ones, by labels', () => {
  const now = [
    {
      labels: { pod: 'a' },
      values: [
        [100, 1],
        [115, 2],
      ] as const,
    },
  ]
  const before = [{ labels: { pod: 'a' }, values: [[55, 5]] as const }]
  const { series } = drawnLines(
    { span: { start: 100, end: 115, step: 15 }, lines: now, warnings: [] },
    { span: { start: 40, end: 55, step: 15 }, lines: before, warnings: [] },
  )
  expect(series).toEqual([{ name: 'a', values: [1, 2], earlier: [null, 5] }])
})
