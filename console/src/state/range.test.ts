import { expect, test } from 'vitest'
import { fixedTimes, rangeText } from './range.ts'

const at = (day: number, hour: number, minute: number, second = 0, year = new Date().getFullYear()): string =>
  new Date(year, 10, day, hour, minute, second).toISOString()

test('a span of one day names the day once, one of minutes has its seconds, and one of another year the year', () => {
  const [day] = new Date(new Date().getFullYear(), 10, 20)
    .toLocaleString(undefined, { month: 'short', day: 'numeric' })
    .split('|')
  expect(rangeText({ from: at(20, 10, 0), to: at(20, 11, 0) })).toBe(`${day}, 10:00 – 11:00`)
  expect(rangeText({ from: at(20, 10, 0, 5), to: at(20, 10, 0, 50) })).toBe(`${day}, 10:00:05 – 10:00:50`)
  expect(rangeText({ from: at(20, 10, 0), to: at(21, 11, 0) }).split(' – ')).toHaveLength(2)
  expect(rangeText({ from: at(20, 10, 0, 0, 2001), to: at(20, 11, 0, 0, 2001) })).toContain('2001')
  expect(rangeText({ from: 'now-15m', to: 'now' })).toBe('Last 15 min')
  expect(rangeText({ from: 'now-3h', to: 'now-1h' })).toBe('now-3h – now-1h')
})

test('a copied link has fixed times in place of relative ones, and nothing else changes', () => {
  const now = Date.UTC(2026, 10, 26, 16, 0, 0)
  expect(fixedTimes({ v: '1', t: 'now-15m..now', at: 'now-1h', q: 'now', name: 'a..b', cols: 'x,y' }, now)).toEqual({
    v: '1',
    t: '2026-11-26T15:45:00.000Z..2026-11-26T16:00:00.000Z',
    at: '2026-11-26T15:00:00.000Z',
    q: 'now',
    name: 'a..b',
    cols: 'x,y',
  })
  const fixed = { t: '2026-11-26T15:45:00Z..2026-11-26T16:00:00Z' }
  expect(fixedTimes(fixed, now)).toEqual(fixed)
})
