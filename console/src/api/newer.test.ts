import { expect, test } from 'vitest'
import type { Change } from './objects.ts'
import { joined, newestOf } from './newer.ts'

const change = (pos: string, seconds: number): Change =>
  ({ pos, time: `2026-11-20T10:00:${String(seconds).padStart(2, '0')}.000Z` }) as Change
const positions = (rows: readonly Change[]): string[] => rows.map(({ pos }) => pos)

test('new rows are merged on top without duplicates; late rows are ordered by time', () => {
  const below = [change('c', 30), change('b', 20), change('a', 10)]
  expect(positions(joined([change('e', 50), change('d', 40), change('c', 30)], below))).toEqual([
    'e',
    'd',
    'c',
    'b',
    'a',
  ])
  expect(positions(joined([change('e', 50), change('late', 25)], below))).toEqual(['e', 'c', 'late', 'b', 'a'])
  expect(joined([], below)).toEqual(below)
  expect([newestOf(below), newestOf([])]).toEqual([below[0]?.time, undefined])
})

test('rows of the same time keep the order of the response', () => {
  expect(
    positions(joined([change('d', 10), change('c', 10)], [change('late', 20), change('b', 10), change('a', 10)])),
  ).toEqual(['late', 'd', 'c', 'b', 'a'])
})
