import { expect, test } from 'vitest'
import { flowRows, type FlowRow } from '../../../test/kit/flow-rows.ts'
import { Bench, ip4, ipfix, set, template, u16, u32, u8, type FieldOf } from './testing/datagrams.ts'

type Value = readonly [FieldOf, Uint8Array]
const value = (id: number, bytes: Uint8Array): Value => [[id, bytes.length], bytes]
const six = (last: number): Buffer => Buffer.concat([u32(0x20010db8, 0, 0), u32(last)])
const zero4 = Buffer.alloc(4)
const zero6 = Buffer.alloc(16)
const two = value(8, ip4('10.0.0.1'))

function row(...values: readonly Value[]): FlowRow {
  const bench = new Bench()
  const fields = values.map(([field]) => field)
  bench.take(ipfix({}, set(2, template(300, fields)), set(300, ...values.map(([, bytes]) => bytes))))
  return flowRows(bench.flows.batch())[0]!
}

test('addresses are those of the elements, whatever the ethertype', () => {
  for (const etherType of [0, 0x8100, 0x8847, 0x86dd]) {
    const of = row(two, value(12, ip4('10.0.0.2')), value(256, u16(etherType)))
    expect(of).toMatchObject({ etype: 2048, src_addr: '10.0.0.1', dst_addr: '10.0.0.2' })
    expect(row(value(27, six(1)), value(256, u16(etherType)))).toMatchObject({ etype: 34525, src_addr: '2001:db8::1' })
  }
})

test('with both families the version counts, then the address, then the ethertype', () => {
  const both = (v4: Buffer, v6: Buffer, ...hints: readonly Value[]) => row(value(8, v4), value(27, v6), ...hints)
  const v4 = ip4('10.0.0.1')
  expect(both(v4, six(1), value(60, u8(6)))).toMatchObject({ src_addr: '2001:db8::1' })
  expect(both(v4, six(1), value(60, u8(4)))).toMatchObject({ src_addr: '10.0.0.1' })
  expect(both(zero4, six(1), value(60, u8(0)))).toMatchObject({ src_addr: '2001:db8::1' })
  expect(both(zero4, six(1), value(256, u16(0x8847)))).toMatchObject({ src_addr: '2001:db8::1' })
  expect(both(zero4, six(1), value(256, u16(2048)))).toMatchObject({ src_addr: '2001:db8::1' })
  expect(both(zero4, zero6, value(256, u16(0x86dd)))).toMatchObject({ src_addr: '::' })
  expect(both(zero4, zero6, value(256, u16(0x0806)))).not.toHaveProperty('src_addr')
})

test('next hops and masks follow the family of the row', () => {
  const hops = [value(15, ip4('10.0.0.9')), value(62, six(9)), value(9, u8(24)), value(29, u8(48))]
  expect(row(two, ...hops)).toMatchObject({ next_hop: '10.0.0.9', src_mask: 24 })
  expect(row(value(27, six(1)), ...hops)).toMatchObject({ next_hop: '2001:db8::9', src_mask: 48 })
  expect(row(two, value(9, u8(0)), value(29, u8(48)))).toMatchObject({ src_mask: 0 })
})

test('an element that is 0 lets the next one of the same meaning count', () => {
  expect(row(two, value(15, zero4), value(62, six(9)))).toMatchObject({ next_hop: '2001:db8::9' })
  expect(row(two, value(15, zero4), value(62, zero6))).toMatchObject({ next_hop: '0.0.0.0' })
  expect(row(value(27, six(1)), value(281, zero6), value(225, ip4('10.0.0.9')))).toMatchObject({
    xlat_src_addr: '10.0.0.9',
  })
  expect(row(two, value(225, zero4), value(281, zero6))).not.toHaveProperty('xlat_src_addr')
  expect(row(value(58, u16(0)), value(243, u16(7)))).toMatchObject({ vlan: 7 })
  expect(row(value(58, u16(5)), value(243, u16(7)))).toMatchObject({ vlan: 5 })
  expect(row(value(10, u32(0)), value(252, u32(3)))).toMatchObject({ in_if: 3 })
  expect(row(value(10, u32(0)), value(252, u32(0)))).toMatchObject({ in_if: 0 })
  expect(row(value(56, Buffer.alloc(6)), value(81, u8(2, 0, 0, 0, 0, 1)))).toMatchObject({
    src_mac: '02:00:00:00:00:01',
  })
})

test('of an encapsulated packet, all values are those of the inner header', () => {
  const outer = [value(27, six(1)), value(28, six(2)), value(31, u32(7)), value(7, u16(1)), value(11, u16(2))]
  const outerClass = [value(4, u8(4)), value(5, u8(0))]
  const ports = [value(7, u16(2222)), value(11, u16(53)), value(4, u8(17)), value(5, u8(184))]
  const inner4 = row(...outer, ...outerClass, two, value(12, ip4('10.0.0.2')), ...ports)
  expect(inner4).toMatchObject({ src_addr: '10.0.0.1', dst_addr: '10.0.0.2', etype: 2048, proto: 17, dscp: 46 })
  expect(inner4).toMatchObject({ src_port: 2222, dst_port: 53 })
  expect(inner4).not.toHaveProperty('flow_label')
  const inner6 = row(...outer, ...outerClass, value(27, six(8)), value(28, six(9)), ...ports)
  expect(inner6).toMatchObject({ src_addr: '2001:db8::8', dst_addr: '2001:db8::9', proto: 17, src_port: 2222 })
})

test('of elements that are repeated without a second header, the first one counts', () => {
  const one = [two, value(12, ip4('10.0.0.2')), value(4, u8(17)), value(7, u16(1)), value(11, u16(53))]
  expect(row(...one, value(7, u16(9)), value(4, u8(6)))).toMatchObject({ proto: 17, src_port: 1 })
  const late = [value(4, u8(17)), value(7, u16(1)), two, value(12, ip4('10.0.0.2')), value(4, u8(6))]
  expect(row(...late)).toMatchObject({ proto: 17, src_addr: '10.0.0.1' })
})
