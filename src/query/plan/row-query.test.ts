import { expect, test } from 'vitest'
import { duckdb } from '../dialect.ts'
import { flowTimes, middleOf } from './row-query.ts'

const minute = 60_000_000n
const hour = 60n * minute
const start = 1_795_737_600_000_000n // 2026-11-27 00:00 UTC
const middle = (from: bigint, to: bigint) => middleOf({ time: flowTimes, span: { from, to } })

test('the middle of a range has full hours or minutes, by its length', () => {
  expect(middle(start, start + 24n * hour)).toEqual({ from: start + hour, to: start + 23n * hour })
  expect(middle(start, start + 6n * hour)).toEqual({ from: start + hour, to: start + 5n * hour + 45n * minute })
  expect(middle(start, start + 30n * 24n * hour)).toEqual({ from: start + 24n * hour, to: start + 29n * 24n * hour })
})

test('ranges that move a little have the same middle', () => {
  const range = (moved: bigint) => middle(start + moved + 1n, start + moved + 24n * hour + 2n * minute)
  for (const moved of [1n, 1000n, minute, 57n * minute]) expect(range(moved)).toEqual(range(0n))
  expect(range(hour)).not.toEqual(range(0n))
})

test('a short range has no middle', () => {
  for (const length of [0n, minute, hour, 2n * hour]) expect(middle(start, start + length)).toBeUndefined()
  expect(middle(start, start + 3n * hour)).toBeDefined()
})

test('a field has no middle: only the computed time needs a separate scan', () => {
  const time = { name: 'time_end', sql: duckdb.identifier }
  expect(middleOf({ time: { ...time, sql: () => 'time_end' }, span: { from: 0n, to: 24n * hour } })).toBeUndefined()
})
