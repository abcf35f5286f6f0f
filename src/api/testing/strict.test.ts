import { expect, test } from 'vitest'
import { problemOfResponse } from './strict.ts'

const named = {
  Item: { type: 'object', required: ['id'], properties: { id: { type: 'string' }, n: { type: 'integer' } } },
}
const list = { type: 'array', items: { $ref: 'Item#' } } as const

test.each([
  [[{ id: 'a', n: 1 }], undefined],
  [[{ id: 'a', m: 1 }], /"\[0\]\.m" is unknown here/],
  [[{ n: 1 }], /"\[0\]\.id" is missing/],
  [[{ id: 1 }], /"\[0\]\.id" must be string, not number/],
])('%j against a list of named items', (value, problem) => {
  if (problem === undefined) expect(problemOfResponse(value, list, named)).toBeUndefined()
  else expect(problemOfResponse(value, list, named)).toMatch(problem)
})

test('an object without described properties, or with open ones, may have any', () => {
  expect(problemOfResponse({ a: 1 }, { type: 'object' }, {})).toBeUndefined()
  const open = { type: 'object', properties: { a: { type: 'integer' } }, additionalProperties: true } as const
  expect(problemOfResponse({ a: 1, b: 2 }, open, {})).toBeUndefined()
})
