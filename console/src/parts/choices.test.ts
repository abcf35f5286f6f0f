import { expect, test } from 'vitest'
import { leftOut, toggled, wanted } from './choices.ts'

test('a value is included, excluded or neither, but never both', () => {
  expect([toggled([], 'a'), toggled(['a', 'b'], 'a')]).toEqual([['a'], ['b']])
  expect([wanted(['a'], 'b'), wanted(['a', 'b'], 'b'), wanted(['!a', '!b'], 'a')]).toEqual([['a', 'b'], ['a'], ['a']])
  expect([leftOut(['a', 'b'], 'a'), leftOut(['!b'], 'a'), leftOut(['!a', '!b'], 'a')]).toEqual([
    ['!a'],
    ['!b', '!a'],
    ['!b', '!a'],
  ])
})
