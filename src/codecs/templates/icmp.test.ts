import { describe, expect, test } from 'vitest'
import { flowRows, type FlowRow } from '../../../test/kit/flow-rows.ts'
import { Bench, ipfix, set, template, u16, u8, type FieldOf } from './testing/datagrams.ts'

function icmpOf(proto: number, fields: readonly FieldOf[], ...records: readonly Uint8Array[]): readonly string[] {
  const bench = new Bench()
  const data = records.flatMap((record) => [u8(proto), record])
  bench.take(ipfix({}, set(2, template(300, [[4, 1], ...fields])), set(300, ...data)))
  return flowRows(bench.flows.batch()).map(({ icmp_type: type, icmp_code: code }: FlowRow) => `${type}/${code}`)
}

describe('type and code of ICMP', () => {
  test('are those of the elements, also 0, whatever the port contains', () => {
    expect(
      icmpOf(
        1,
        [
          [11, 2],
          [176, 1],
          [177, 1],
        ],
        u8(0x44, 0x8d, 0, 0),
      ),
    ).toEqual(['0/0'])
    expect(
      icmpOf(
        1,
        [
          [11, 2],
          [32, 2],
        ],
        u16(2048, 0),
      ),
    ).toEqual(['0/0'])
    expect(
      icmpOf(
        58,
        [
          [11, 2],
          [178, 1],
          [179, 1],
        ],
        u8(1, 1, 0, 0),
      ),
    ).toEqual(['0/0'])
  })

  test('are those of the port without an element', () => {
    expect(icmpOf(1, [[11, 2]], u16(0x0303), u16(0))).toEqual(['3/3', '0/0'])
  })

  test('are of the family of the protocol if the template has both', () => {
    const fields: readonly FieldOf[] = [
      [176, 1],
      [177, 1],
      [178, 1],
      [179, 1],
    ]
    expect(icmpOf(1, fields, u8(3, 1, 0, 0))).toEqual(['3/1'])
    expect(icmpOf(58, fields, u8(0, 0, 1, 4))).toEqual(['1/4'])
    expect(
      icmpOf(
        58,
        [
          [176, 1],
          [177, 1],
        ],
        u8(128, 0),
      ),
    ).toEqual(['128/0'])
  })

  test('are kept if one has no element', () => {
    expect(
      icmpOf(
        1,
        [
          [11, 2],
          [176, 1],
        ],
        u8(0, 0, 8),
      ),
    ).toEqual(['8/undefined'])
    expect(icmpOf(1, [[177, 1]], u8(3))).toEqual(['undefined/3'])
  })

  test('are exchanged if the message exists in that order only', () => {
    expect(icmpOf(58, [[11, 2]], u16(136), u16(0x8700))).toEqual(['136/0', '135/0'])
    expect(icmpOf(58, [[139, 2]], u16(128))).toEqual(['128/0'])
    expect(icmpOf(1, [[11, 2]], u16(8), u16(0x0103))).toEqual(['8/0', '3/1'])
  })

  test('of an ambiguous message have the order of other messages of the exporter', () => {
    expect(icmpOf(58, [[11, 2]], u16(0x0401))).toEqual(['4/1'])
    expect(icmpOf(58, [[11, 2]], u16(136), u16(0x0401))).toEqual(['136/0', '1/4'])
  })
})

test('each transport protocol has the ports of its elements', () => {
  const bench = new Bench()
  const fields: readonly FieldOf[] = [
    [4, 1],
    [180, 2],
    [181, 2],
    [182, 2],
    [183, 2],
  ]
  bench.take(ipfix({}, set(2, template(300, fields)), set(300, u8(17), u16(1, 2, 0, 0), u8(6), u16(0, 0, 3, 4))))
  expect(flowRows(bench.flows.batch())).toMatchObject([
    { src_port: 1, dst_port: 2 },
    { src_port: 3, dst_port: 4 },
  ])
})
