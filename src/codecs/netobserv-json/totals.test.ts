import { expect, test } from 'vitest'
import { putFields } from '../flow-values/index.ts'
import { netobservJson } from './encode.ts'

const records = (...rows: readonly Readonly<Record<string, unknown>>[]): unknown[] => {
  const puts = putFields(rows.length)
  rows.forEach((row, index) => {
    for (const [name, value] of Object.entries(row)) puts.to(name)?.(index, value)
  })
  const json = netobservJson(puts.done())
  return rows.map((_, row) => JSON.parse(json(row)) as unknown)
}

test('a record of a connection has the sum of both directions, a flow its own', () => {
  expect(
    records(
      { record_type: 'endConnection', bytes_ab: 2 ** 32 - 1, bytes_ba: 2, packets_ab: 3, packets_ba: 0 },
      { record_type: 'flowLog', bytes: 5, packets: 1 },
      { record_type: 'heartbeat', bytes: 9, bytes_ab: 4 },
      { proto: 6 },
    ),
  ).toEqual([
    {
      _RecordType: 'endConnection',
      Bytes: 2 ** 32 + 1,
      Bytes_AB: 2 ** 32 - 1,
      Bytes_BA: 2,
      Packets: 3,
      Packets_AB: 3,
      Packets_BA: 0,
    },
    { _RecordType: 'flowLog', Bytes: 5, Packets: 1 },
    { _RecordType: 'heartbeat', Bytes: 9, Bytes_AB: 4 },
    { Proto: 6 },
  ])
})
