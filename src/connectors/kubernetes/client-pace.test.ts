import { expect, test } from 'vitest'
import { Pace } from './client-pace.ts'

const held = (ms: number): object => ({ ms, held: true })
/** What came meanwhile is read before it is held. */
const drained = { ms: 10, held: false }
const readOn = { ms: 0, held: false }

test('what comes after a pause is read at once, and all connections rest until the same moment; where much comes none rests', () => {
  let now = 5000
  const pace = new Pace({ now: () => 0, monotonic: () => now })
  expect(pace.rest(700)).toEqual(drained)
  now += 4
  expect(pace.rest(700)).toEqual({ ms: 6, held: false })
  now += 146
  expect([pace.rest(700), pace.rest(700)]).toEqual([held(650), held(650)])
  now += 650
  expect(pace.rest(700)).toEqual(drained)
  now += 10
  expect([pace.rest(64 * 1024), pace.rest(700)]).toEqual([readOn, readOn])
  // Much came just before: so it goes on, and who rested then would keep a server waiting.
  now += 800
  expect(pace.rest(700)).toEqual(readOn)
  now += 800
  expect(pace.rest(700)).toEqual(drained)
  now += 10
  expect(pace.rest(700)).toEqual(held(790))
  expect(pace.rest(64 * 1024)).toEqual(readOn)
  now += 10_000
  expect(pace.rest(700)).toEqual(drained)
})
