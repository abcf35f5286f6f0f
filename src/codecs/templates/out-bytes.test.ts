import { expect, test } from 'vitest'
import { flowRows } from '../../../test/kit/flow-rows.ts'
import { Bench, ip4, netflow9, set, template, u16, u32, type FieldOf } from './testing/datagrams.ts'

const ends: readonly FieldOf[] = [
  [8, 4],
  [12, 4],
  [1, 4],
  [2, 4],
  [23, 4],
  [24, 4],
]

function rowsOf(more: readonly FieldOf[], outBytes: number, outPackets: number, ...rest: Uint8Array[]) {
  const bench = new Bench()
  const data = [ip4('10.0.0.1'), ip4('10.0.0.2'), u32(1000, 10, outBytes, outPackets), ...rest]
  bench.take(netflow9({}, set(0, template(300, [...ends, ...more])), set(300, ...data)))
  return flowRows(bench.flows.batch())
}
const there = { src_addr: '10.0.0.1', dst_addr: '10.0.0.2', bytes: 1000, packets: 10 }
const back = { src_addr: '10.0.0.2', dst_addr: '10.0.0.1', bytes: 5000, packets: 50, reverse: 1 }

test('OUT_BYTES of nProbe are the flow of the way back', () => {
  expect(rowsOf([[57590, 2]], 5000, 50, u16(7))).toMatchObject([there, back])
  expect(rowsOf([], 5000, 50)).toMatchObject([there, back])
  expect(rowsOf([[57590, 2]], 0, 0, u16(7))).toHaveLength(1)
})

test('OUT_BYTES of Fortinet are the same packets behind the device', () => {
  expect(
    rowsOf(
      [
        [65, 2],
        [89, 2],
      ],
      5000,
      50,
      u16(0, 0),
    ),
  ).toMatchObject([there])
  expect(rowsOf([[136, 2]], 5000, 50, u16(3))).toMatchObject([there])
  expect(rowsOf([], 1000, 10)).toMatchObject([there])
})
