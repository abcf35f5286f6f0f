import { expect, test } from 'vitest'
import { flowSinkBatch } from '../../../test/kit/metric-flows.ts'
import type { SinkBatch } from '../contracts.ts'
import { CountedRows } from './counted-rows.ts'
import { RecentTokens } from './recent-tokens.ts'

const records = [{ Proto: 6 }, { Proto: 17 }, { Proto: 1 }]

function added(counted: CountedRows, batch: SinkBatch): number[] {
  const rows: number[] = []
  counted.once(batch, (_, chosen) => rows.push(...chosen))
  return rows
}

test('a batch with a known token is not counted again', () => {
  const counted = new CountedRows()
  const batch = flowSinkBatch(records, 'a', (row) => row !== 1)
  expect(added(counted, batch)).toEqual([0, 2])
  expect(added(counted, batch)).toEqual([])
  expect(added(counted, { ...batch, token: 'b' })).toEqual([0, 2])
})

test('redelivered dead letters that were counted are not counted again, others are', () => {
  const counted = new CountedRows()
  const batch = flowSinkBatch(records, 'a', (row) => row > 0)
  added(counted, batch)
  counted.rejected(batch)
  const [piece] = batch.pieces
  const all = { ...batch, token: 'b', retried: true, pieces: [{ ...piece!, rows: Uint32Array.of(0, 1, 2) }] }
  expect(added(counted, all)).toEqual([0])
  expect(added(counted, { ...all, token: 'c' })).toEqual([0, 1, 2])
})

test('of a batch with some dead letters only these are known as counted', () => {
  const counted = new CountedRows()
  const batch = flowSinkBatch(records, 'a')
  added(counted, batch)
  counted.rejected(batch, new Set([1]))
  expect(added(counted, { ...batch, token: 'b', retried: true })).toEqual([0, 2])
})

test('only the newest tokens are known', () => {
  const tokens = new RecentTokens(2)
  for (const token of ['a', 'b', 'c']) tokens.add(token)
  expect(['a', 'b', 'c'].map((token) => tokens.has(token))).toEqual([false, true, true])
})
