import { expect, test } from 'vitest'
import { difference } from './difference.ts'

test('a difference is in percent of the earlier value, and none is stated of an unknown value', () => {
  expect(difference(150, 100)).toBe('+50 %')
  expect(difference(875, 1000)).toBe('−12.5 %')
  expect(difference(0, 10)).toBe('−100 %')
  expect(difference(123_400, 100)).toBe('+123,300 %')
  expect(difference(5, 5)).toBe('0 %')
  expect(difference(0, 0)).toBe('0 %')
  expect(difference(5, 0)).toBe('new')
  for (const [now, earlier] of [
    [null, 5],
    [5, null],
    [5, undefined],
    [undefined, 5],
  ] as const)
    expect(difference(now, earlier)).toBe('')
})
