import { expect, test } from 'vitest'
import { Pace } from './pace.ts'

const held = (ms: number): object => ({ ms, held: true })
/** Reads buffered data before the next hold. */
const drained = { ms: 10, held: false }
const readOn = { ms: 0, held: false }

const [one, two] = [{}, {}]

test('a quiet connection is read at once; busy ones pause until a common time; none pauses under heavy load', () => {
  let now = 5000
  const pace = new Pace({ now: () => 0, monotonic: () => now })
  expect(pace.rest(one, 700, 5)).toEqual(drained)
  now += 4
  expect(pace.rest(one, 700, 1)).toEqual({ ms: 6, held: false })
  now += 146
  expect([pace.rest(one, 700, 1), pace.rest(two, 700, 5)]).toEqual([held(650), held(650)])
  now += 650
  expect(pace.rest(one, 700, 1)).toEqual(drained)
  now += 10
  expect([pace.rest(one, 64 * 1024, 1), pace.rest(one, 700, 1)]).toEqual([readOn, readOn])
  // Heavy load just before: no pause, because a held server could end its watch.
  now += 800
  expect(pace.rest(one, 700, 5)).toEqual(readOn)
  now += 800
  expect(pace.rest(one, 700, 1)).toEqual(drained)
  now += 10
  expect(pace.rest(one, 700, 1)).toEqual(held(790))
  expect(pace.rest(one, 64 * 1024, 1)).toEqual(readOn)
  now += 10_000
  expect(pace.rest(one, 700, 5)).toEqual(drained)
})

test('changes of a quiet watch are never held, whatever other watches receive', () => {
  let now = 5000
  const pace = new Pace({ now: () => 0, monotonic: () => now })
  for (let second = 0; second < 10; second++) {
    for (let change = 0; change < 3; change++) {
      expect(pace.rest(one, 700, 1), `change ${change} of second ${second}`).toEqual(readOn)
      if (change > 0) expect(pace.rest(two, 5000, 8).held).toBe(true)
      now += 200
    }
    now += 400
  }
})
