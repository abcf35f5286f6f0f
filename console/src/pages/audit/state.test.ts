import { expect, test } from 'vitest'
import { noValue } from '../../parts/audit/values.ts'
import { only, without } from './state.ts'

test('an exclusion is added to others and replaces selected values', () => {
  expect(without([], 'a')).toEqual(['!a'])
  expect(without(['!a', 'b'], 'c')).toEqual(['!a', '!c'])
  expect(without(['!a'], 'a')).toEqual(['!a'])
  expect(without([], null)).toEqual([`!${noValue}`])
  expect(only(null)).toEqual([noValue])
})
