import { expect, test } from 'vitest'
import { flowRows, type FlowRow } from '../../../test/kit/flow-rows.ts'
import { Bench, ip4, ipfix, set, sumOf, template, u16, u32, u8, type FieldOf } from './testing/datagrams.ts'

const juniper = 2636
const rowsOf = (bench: Bench): FlowRow[] => flowRows(bench.flows.batch())

test('the exception code of Juniper is found by its id among the properties', () => {
  const fields: readonly FieldOf[] = [
    [137, 4, juniper],
    [137, 2, juniper],
  ]
  const bench = new Bench()
  const record = (property: number) => [u32(0x04000001), u16(property)]
  bench.take(
    ipfix({}, set(2, template(300, fields)), set(300, ...record(0x08c3), ...record(0x0800), ...record(0x0c01))),
  )
  expect(rowsOf(bench).map((row) => row.forwarding_status)).toEqual([128, 64, undefined])
})

test('a direction that is neither ingress nor egress is absent', () => {
  const bench = new Bench()
  const fields: readonly FieldOf[] = [
    [61, 1],
    [82, 2],
  ]
  const name = Buffer.from('e0')
  bench.take(ipfix({}, set(2, template(300, fields)), set(300, u8(0), name, u8(1), name, u8(2), name, u8(255), name)))
  expect(rowsOf(bench).map((row) => [row.direction, row.if_directions])).toEqual([
    [0, [0]],
    [1, [1]],
    [undefined, undefined],
    [undefined, undefined],
  ])
})

test('all messages of a datagram are read, and what follows them is skipped', () => {
  const bench = new Bench()
  const first = ipfix({}, set(2, template(300, [[8, 4]])), set(300, ip4('10.0.0.1')))
  const second = ipfix({ sequence: 1 }, set(300, ip4('10.0.0.2')))
  bench.take(Buffer.concat([first, second, Buffer.alloc(9)]))
  expect(rowsOf(bench).map((row) => row.src_addr)).toEqual(['10.0.0.1', '10.0.0.2'])
  expect(bench.totals.skipped).toBe(9)
  expect(sumOf(bench.totals)).toBe(bench.received)
  expect(bench.exporter().missing).toBe(0)
})
