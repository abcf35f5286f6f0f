import { expect, test } from 'vitest'
import { leavesOf } from './leaves.ts'

test('members are named as in filters, lists are their JSON, and null has no name', () => {
  const body = {
    line: 'x',
    labels: { app: 'web', 'a.b/c': 1 },
    list: [1, 2],
    none: null,
    deep: { a: { b: { c: { d: 1 } } } },
  }
  expect(leavesOf(body)).toEqual({
    leaves: [
      { name: 'data.line', value: 'x' },
      { name: 'data.labels.app', value: 'web' },
      { name: 'data."/labels/a.b~1c"', value: 1 },
      { name: 'data.list', value: '[1,2]' },
      { name: 'data.deep.a.b.c', value: '{"d":1}' },
    ],
    more: 0,
  })
  expect(leavesOf('text')).toEqual({ leaves: [], more: 0 })
})

test('a body with many members shows a hundred', () => {
  const body = Object.fromEntries(Array.from({ length: 130 }, (_, index) => [`k${index}`, index]))
  const { leaves, more } = leavesOf(body)
  expect([leaves.length, more]).toEqual([100, 30])
})
