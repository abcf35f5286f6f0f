import { expect, test } from 'vitest'
import { trimOldest } from './trim-oldest.ts'

test('the newest entries remain, and an entry that is inserted again is new', () => {
  const map = new Map([1, 2, 3, 4, 5].map((key) => [key, `value ${key}`]))
  map.delete(1)
  map.set(1, 'again')
  trimOldest(map, 2)
  expect([...map]).toEqual([
    [5, 'value 5'],
    [1, 'again'],
  ])
  const set = new Set(['a', 'b', 'c'])
  trimOldest(set, 3)
  expect([...set]).toEqual(['a', 'b', 'c'])
  trimOldest(set, 0)
  expect(set.size).toBe(0)
  trimOldest(set, 0)
})
