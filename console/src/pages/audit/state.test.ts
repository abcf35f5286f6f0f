import { expect, test } from 'vitest'
import { notTold, only, saidOf, without } from './state.ts'

test('what is left out is added to what is left out already, in place of what was chosen', () => {
  expect(without([], 'a')).toEqual(['!a'])
  expect(without(['!a', 'b'], 'c')).toEqual(['!a', '!c'])
  expect(without(['!a'], 'a')).toEqual(['!a'])
  expect(without([], null)).toEqual([`!${notTold}`])
  expect(only(null)).toEqual([notTold])
})

test('a value of the filter is said in words', () => {
  expect([saidOf('!user:d/a'), saidOf(notTold), saidOf('login')]).toEqual(['not d/a', 'not told', 'login'])
})
