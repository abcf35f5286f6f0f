import { expect, test } from 'vitest'
import { notTold } from '../../parts/audit/values.ts'
import { only, without } from './state.ts'

test('what is left out is added to what is left out already, in place of what was chosen', () => {
  expect(without([], 'a')).toEqual(['!a'])
  expect(without(['!a', 'b'], 'c')).toEqual(['!a', '!c'])
  expect(without(['!a'], 'a')).toEqual(['!a'])
  expect(without([], null)).toEqual([`!${notTold}`])
  expect(only(null)).toEqual([notTold])
})
