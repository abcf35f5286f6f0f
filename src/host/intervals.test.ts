import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Intervals } from './intervals.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  vi.advanceTimersByTime(730)
})
afterEach(() => void vi.useRealTimers())

test('intervals that start at different times run together', () => {
  const intervals = new Intervals()
  const ran: (readonly [string, number])[] = []
  const at = (name: string) => () => void ran.push([name, Math.round(performance.now())])
  intervals.every(500, at('short'))
  vi.advanceTimersByTime(100)
  const long = intervals.every(1000, at('long'))
  intervals.once(1000, at('once'))
  vi.advanceTimersByTime(2000)
  long.cancel()
  vi.advanceTimersByTime(500)
  expect(ran).toEqual([
    ['short', 1000],
    ['long', 1000],
    ['once', 1000],
    ['short', 1500],
    ['short', 2000],
    ['long', 2000],
    ['short', 2500],
    ['short', 3000],
  ])
  expect(vi.getTimerCount()).toBe(1)
})

test('one that is cancelled by another of the same time does not run', () => {
  const intervals = new Intervals()
  const ran: string[] = []
  intervals.every(1000, () => {
    ran.push('first')
    second.cancel()
  })
  const second = intervals.every(1000, () => ran.push('second'))
  vi.advanceTimersByTime(1500)
  expect(ran).toEqual(['first', 'first'])
})
