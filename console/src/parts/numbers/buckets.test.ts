import { expect, test } from 'vitest'
import { bucketsIn } from './buckets.ts'

const range = Array.from({ length: 20 }, (_, index) => index * 10)
const drawn = (known: readonly number[], missing: Parameters<typeof bucketsIn>[2] = []) =>
  bucketsIn(range, known, missing).map(({ at, isGap }) => (isGap ? `gap ${at}` : at))

test('the buckets reach over the range; a number lasts until the next one', () => {
  expect(drawn([0, 30, 60, 190])).toEqual([0, 30, 60, 190])
  expect(drawn([20, 60, 100])).toEqual(['gap 0', 20, 60, 100, 190])
  expect(drawn([])).toEqual(['gap 0'])
})

test('a number lasts for one bucket if the next one is late, or if numbers may be missing until then', () => {
  expect(drawn([0, 10, 20, 100, 110])).toEqual([0, 10, 20, 'gap 30', 100, 110, 'gap 120', 'gap 190'])
  expect(drawn([0, 50, 100, 150], [{ from: 60, to: 80 }])).toEqual([0, 50, 'gap 60', 100, 150, 190])
  expect(drawn([0, 50, 100], [{ from: 120, to: 200 }])).toEqual([0, 50, 100, 'gap 110', 'gap 190'])
})
