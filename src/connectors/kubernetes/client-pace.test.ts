import { expect, test } from 'vitest'
import { Pace } from './client-pace.ts'

test('what comes after a pause is read at once, and all connections rest until the same moment; where much comes none rests', () => {
  let now = 5000
  const pace = new Pace({ now: () => 0, monotonic: () => now })
  expect(pace.rest(700)).toBe(1000)
  now += 150
  expect(pace.rest(700)).toBe(850)
  now += 850
  expect(pace.rest(700)).toBe(1000)
  now += 10
  expect([pace.rest(64 * 1024), pace.rest(700)]).toEqual([0, 0])
  // Much came just before: so it goes on, and who rested then would keep a server waiting.
  now += 1000
  expect(pace.rest(700)).toBe(0)
  now += 1000
  expect(pace.rest(700)).toBe(1000)
  expect(pace.rest(64 * 1024)).toBe(0)
  now += 10_000
  expect(pace.rest(700)).toBe(1000)
})
