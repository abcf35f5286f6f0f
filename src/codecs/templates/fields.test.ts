import { describe, expect, test } from 'vitest'
import { flowRows, type FlowRow } from '../../../test/kit/flow-rows.ts'
import type { DecoderOptions } from './decoder.ts'
import {
  Bench,
  ip4,
  ipfix,
  netflow9,
  optionsTemplate,
  optionsTemplate9,
  set,
  template,
  u16,
  u32,
  u64,
  u8,
  varying,
  type FieldOf,
} from './testing/datagrams.ts'

type Value = readonly [FieldOf, Uint8Array]
const value = (id: number, bytes: Uint8Array, pen?: number): Value => [
  pen === undefined ? [id, bytes.length] : [id, bytes.length, pen],
  bytes,
]
const text = (id: number, content: string, pen = 2): Value => [[id, 65_535, pen], varying(content)]
const six = (last: number): Buffer => Buffer.concat([u32(0x20010db8, 0, 0), u32(last)])

function row(values: readonly Value[], options: Partial<DecoderOptions> = {}): FlowRow | undefined {
  const bench = new Bench(options)
  bench.take(
    ipfix(
      {},
      set(
        2,
        template(
          300,
          values.map(([field]) => field),
        ),
      ),
      set(300, ...values.map(([, bytes]) => bytes)),
    ),
  )
  return flowRows(bench.flows.batch())[0]
}

describe('elements', () => {
  test('of a router fill their fields', () => {
    expect(
      row([
        value(8, ip4('10.0.0.1')),
        value(12, ip4('10.0.0.2')),
        value(9, u8(24)),
        value(13, u8(16)),
        value(10, u32(3)),
        value(14, u32(4)),
        value(15, ip4('10.0.0.254')),
        value(18, ip4('192.0.2.9')),
        value(16, u32(64_500)),
        value(17, u32(4_200_000_000)),
        value(5, u8(0xb8)),
        value(52, u8(63)),
        value(54, u32(77)),
        value(88, u16(185)),
        value(61, u8(1)),
        value(89, u8(64)),
        value(136, u8(2)),
        value(148, u64(2n ** 40n)),
        value(138, u64(12)),
        value(234, u32(5)),
        value(235, u32(6)),
        value(239, u8(1)),
        value(130, ip4('192.0.2.77')),
      ]),
    ).toMatchObject({
      src_mask: 24,
      dst_mask: 16,
      in_if: 3,
      out_if: 4,
      next_hop: '10.0.0.254',
      bgp_next_hop: '192.0.2.9',
      src_as: 64_500,
      dst_as: 4_200_000_000,
      dscp: 46,
      ip_ttl: 63,
      fragment_id: 77,
      fragment_offset: 185,
      direction: 1,
      forwarding_status: 64,
      flow_end_reason: 2,
      flow_id: 2 ** 40,
      observation_point: 12,
      in_vrf: 5,
      out_vrf: 6,
      biflow_direction: 1,
      exporter_addr: '192.0.2.77',
    })
  })

  test('of layer 2 fill their columns; VLAN 0 is none', () => {
    const mac = (last: number): Buffer => u8(2, 0, 0, 0, 0, last)
    expect(
      row([value(56, mac(1)), value(80, mac(2)), value(58, u16(100)), value(59, u16(200)), value(245, u16(7))]),
    ).toMatchObject({
      src_mac: '02:00:00:00:00:01',
      dst_mac: '02:00:00:00:00:02',
      vlan: 100,
      dst_vlan: 200,
      inner_vlan: 7,
    })
    expect(row([value(81, mac(1)), value(57, mac(2)), value(243, u16(0))])).toMatchObject({
      src_mac: '02:00:00:00:00:01',
      dst_mac: '02:00:00:00:00:02',
    })
    expect(row([value(58, u16(0))])).not.toHaveProperty('vlan')
  })

  test('of MPLS become labels from the top of the stack to its bottom', () => {
    const label = (number: number, bottom = 0): Buffer =>
      u8(number >> 12, (number >> 4) & 255, ((number & 15) << 4) | bottom)
    expect(
      row([value(70, label(16_000)), value(71, label(17, 1)), value(72, label(99)), value(73, u8(0, 0, 0))]),
    ).toMatchObject({ mpls_labels: ['16000', '17'] })
    expect(row([value(70, u8(0, 0, 0))])).not.toHaveProperty('mpls_labels')
  })

  test('of IPv6 fill the same fields', () => {
    expect(
      row([
        value(27, six(1)),
        value(28, six(2)),
        value(29, u8(64)),
        value(30, u8(48)),
        value(31, u32(0xabcde)),
        value(62, six(3)),
        value(63, six(4)),
        value(192, u8(64)),
        value(193, u8(17)),
      ]),
    ).toMatchObject({
      src_addr: '2001:db8::1',
      dst_addr: '2001:db8::2',
      src_mask: 64,
      dst_mask: 48,
      flow_label: 0xabcde,
      next_hop: '2001:db8::3',
      bgp_next_hop: '2001:db8::4',
      ip_ttl: 64,
      proto: 17,
    })
  })

  test('of address translation are absent when they are zero', () => {
    const translated = (address: string, port: number): readonly Value[] => [
      value(225, ip4(address)),
      value(226, ip4(address)),
      value(227, u16(port)),
      value(228, u16(port)),
    ]
    expect(row(translated('192.0.2.1', 99))).toMatchObject({
      xlat_src_addr: '192.0.2.1',
      xlat_dst_addr: '192.0.2.1',
      xlat_src_port: 99,
      xlat_dst_port: 99,
    })
    for (const field of ['xlat_src_addr', 'xlat_dst_addr', 'xlat_src_port', 'xlat_dst_port'])
      expect(row(translated('0.0.0.0', 0))).not.toHaveProperty(field)
    expect(row([value(281, six(1)), value(282, Buffer.alloc(16))])).toMatchObject({ xlat_src_addr: '2001:db8::1' })
  })

  test('with a length that their type cannot have are left out', () => {
    const odd = row([
      value(8, u8(1, 2, 3)),
      value(12, Buffer.alloc(16)),
      value(56, u32(1)),
      value(154, u32(1)),
      value(4, u8(6)),
    ])
    for (const field of ['src_addr', 'dst_addr', 'src_mac']) expect(odd).not.toHaveProperty(field)
    expect(odd).toMatchObject({ proto: 6 })
  })
})

describe('starts of packets', () => {
  // Ethernet with VLAN 100, IPv4, TCP 10.0.0.1:40000 → 10.0.0.2:443.
  const frame = Buffer.from(
    '02000000000202000000000181000064080045b803e800014000400622550a0000010a0000029c4001bb0000000100000001501202000000',
    'hex',
  )
  const reported = {
    src_addr: '10.0.0.1',
    dst_addr: '10.0.0.2',
    src_port: 40_000,
    dst_port: 443,
    proto: 6,
    tcp_flags: 0x12,
    dscp: 46,
    etype: 2048,
    ip_ttl: 64,
  }

  test('are read like those of sFlow, and a record without counters is one packet', () => {
    expect(row([value(315, frame)])).toMatchObject({
      ...reported,
      vlan: 100,
      src_mac: '02:00:00:00:00:01',
      packets: 1,
      bytes: 1000,
    })
    expect(row([value(313, frame.subarray(18))])).toMatchObject({ ...reported, packets: 1, bytes: 1000 })
  })

  test('are overridden by separate elements and counters', () => {
    const found = row([
      value(315, frame),
      value(8, ip4('192.0.2.1')),
      value(12, ip4('192.0.2.2')),
      value(1, u32(5000)),
      value(2, u32(7)),
    ])
    expect(found).toMatchObject({ ...reported, src_addr: '192.0.2.1', dst_addr: '192.0.2.2', packets: 7, bytes: 5000 })
  })

  test('of a GRE tunnel yield the packet in it, and element 351 its network', () => {
    const inside = Buffer.from(
      '450000280000000040110000c0000201c0000202003500350014000000000000000000000000000000',
      'hex',
    )
    const outer = Buffer.from('4500004000000000402f00000a0000010a00000200000800', 'hex')
    const tunnel = Buffer.concat([outer, inside.subarray(0, 40)])
    expect(row([value(313, tunnel), value(351, Buffer.from('0100000000001389', 'hex'))])).toMatchObject({
      src_addr: '10.0.0.1',
      proto: 47,
      bytes: 64,
      inner_src_addr: '192.0.2.1',
      inner_dst_addr: '192.0.2.2',
      inner_proto: 17,
      inner_src_port: 53,
      inner_dst_port: 53,
      vni: 5001,
    })
  })

  test('that were truncated yield their complete parts', () => {
    const cut = row([value(312, u16(1022)), value(315, frame.subarray(0, 20))])
    expect(cut).toMatchObject({ vlan: 100, etype: 2048, packets: 1, bytes: 1004 })
    expect(cut).not.toHaveProperty('src_addr')
  })
})

describe('NetObserv', () => {
  const names = (pen: number): readonly Value[] => [
    value(8, ip4('10.0.0.1')),
    value(12, ip4('10.0.0.2')),
    value(61, u8(1)),
    [[82, 65_535], varying('eth0')],
    text(7733, 'shop', pen),
    text(7734, 'cart-1', pen),
    text(7735, 'data', pen),
    text(7736, 'db-0', pen),
    text(7737, 'node-a', pen),
    text(7738, 'node-b', pen),
    value(7740, u64(20_000_000), pen),
    text(7741, 'eth0,br-ex', pen),
    text(7742, '1,0', pen),
  ]
  const expected = {
    src_namespace: 'shop',
    src_name: 'cart-1',
    dst_namespace: 'data',
    dst_name: 'db-0',
    src_node: 'node-a',
    dst_node: 'node-b',
    rtt: 20_000_000,
    interfaces: ['eth0', 'br-ex'],
    if_directions: [1, 0],
    out_if_name: 'eth0',
  }

  test('names, round trip times and interfaces of its exporter have enterprise number 2', () => {
    expect(row(names(2))).toMatchObject(expected)
    expect(row(names(3))).not.toHaveProperty('src_name')
  })

  test('its whole record is understood, in both families, with and without names', () => {
    const probability = (one: number): Buffer => {
      const bytes = Buffer.alloc(8)
      bytes.writeDoubleBE(one)
      return bytes
    }
    const mac = (last: number): Buffer => u8(2, 0, 0, 0, 0, last)
    const common = (sampled: boolean): Value[] => [
      value(256, u16(0)),
      value(61, u8(0)),
      value(56, mac(1)),
      value(80, mac(2)),
      value(4, u8(6)),
      value(7, u16(40_000)),
      value(11, u16(443)),
      value(1, u64(1000)),
      value(152, u64(1_699_999_990_500)),
      value(153, u64(1_699_999_999_500)),
      value(2, u64(10)),
      [[82, 65_535], varying('eth0')],
      value(6, u16(0x112)),
      value(227, u16(0)),
      value(228, u16(0)),
      value(304, u16(sampled ? 4 : 0)),
      value(311, probability(sampled ? 1 / 50 : 0)),
    ]
    const four: Value[] = [
      value(8, ip4('10.0.0.1')),
      value(12, ip4('10.0.0.2')),
      value(176, u8(0)),
      value(177, u8(0)),
      value(225, u32(0)),
      value(226, u32(0)),
    ]
    const sixes: Value[] = [
      value(27, six(1)),
      value(28, six(2)),
      value(193, u8(6)),
      value(178, u8(0)),
      value(179, u8(0)),
      value(281, Buffer.alloc(16)),
      value(282, Buffer.alloc(16)),
    ]
    const expectedCommon = {
      src_port: 40_000,
      dst_port: 443,
      proto: 6,
      bytes: 1000,
      packets: 10,
      time_start: 1_699_999_990_500,
      time_end: 1_699_999_999_500,
      tcp_flags: 0x112,
      direction: 0,
      src_mac: '02:00:00:00:00:01',
      dst_mac: '02:00:00:00:00:02',
      in_if_name: 'eth0',
    }
    const withNames = row([...four, ...common(true), ...names(2).slice(4)])
    expect(withNames).toMatchObject({
      ...expectedCommon,
      etype: 2048,
      src_addr: '10.0.0.1',
      sampling: 50,
      src_namespace: 'shop',
      rtt: 20_000_000,
    })
    const without = row([...sixes, ...common(false)])
    expect(without).toMatchObject({
      ...expectedCommon,
      interfaces: ['eth0'],
      if_directions: [0],
      etype: 34_525,
      src_addr: '2001:db8::1',
    })
    for (const found of [withNames, without])
      for (const field of ['xlat_src_addr', 'xlat_src_port', 'icmp_type']) expect(found).not.toHaveProperty(field)
    for (const field of ['sampling', 'src_name', 'rtt']) expect(without).not.toHaveProperty(field)
  })

  test('or under the number that is configured', () => {
    expect(row(names(54_321), { netobservPen: 54_321 })).toMatchObject(expected)
  })

  test('names do not pass from one record to the next', () => {
    const bench = new Bench()
    const fields: readonly FieldOf[] = [
      [8, 4],
      [7734, 65_535, 2],
    ]
    bench.take(
      ipfix(
        {},
        set(2, template(300, fields)),
        set(300, ip4('10.0.0.1'), varying('cart-1'), ip4('10.0.0.2'), varying(''), ip4('10.0.0.3'), varying('cart-1')),
      ),
    )
    expect(flowRows(bench.flows.batch()).map(({ src_name: name }) => name)).toEqual(['cart-1', undefined, 'cart-1'])
  })
})

describe('interface names', () => {
  const data = (bench: Bench, version: 9 | 10): void => {
    const content = [
      template(300, [
        [8, 4],
        [10, 2],
        [14, 2],
      ]),
      Buffer.concat([ip4('10.0.0.1'), u16(3, 4), ip4('10.0.0.1'), u16(5, 3)]),
    ] as const
    bench.take(
      version === 9
        ? netflow9({}, set(0, content[0]), set(300, content[1]))
        : ipfix({}, set(2, content[0]), set(300, content[1])),
    )
  }
  const namesOf = (bench: Bench): unknown[] =>
    flowRows(bench.flows.batch()).map(({ in_if_name: input, out_if_name: output }) => [input, output])

  test('are set by options by scope (v9) and by element (IPFIX), and change with them', () => {
    const bench = new Bench()
    bench.take(
      netflow9(
        {},
        set(1, optionsTemplate9(400, [[2, 4]], [[82, 8]])),
        set(400, u32(3), Buffer.from('eth3\0\0\0\0'), u32(4), Buffer.from('uplink-4')),
      ),
    )
    data(bench, 9)
    bench.take(netflow9({}, set(400, u32(3), Buffer.from('renamed\0'))))
    data(bench, 9)
    expect(namesOf(bench)).toEqual([
      ['eth3', 'uplink-4'],
      [undefined, 'eth3'],
      ['renamed', 'uplink-4'],
      [undefined, 'renamed'],
    ])
    const other = new Bench()
    other.take(
      ipfix(
        {},
        set(
          3,
          optionsTemplate(400, 1, [
            [10, 4],
            [82, 65_535],
          ]),
        ),
        set(400, u32(3), varying('ge-0/0/3')),
      ),
    )
    data(other, 10)
    expect(namesOf(other)).toEqual([
      ['ge-0/0/3', undefined],
      [undefined, 'ge-0/0/3'],
    ])
  })

  test('of a configuration win over those of options', () => {
    const bench = new Bench()
    bench.exporter().configuredNames = new Map([[3, 'configured']])
    bench.take(
      netflow9(
        {},
        set(1, optionsTemplate9(400, [[2, 4]], [[82, 8]])),
        set(400, u32(3), Buffer.from('eth3\0\0\0\0'), u32(4), Buffer.from('uplink-4')),
      ),
    )
    data(bench, 9)
    expect(namesOf(bench)).toEqual([
      ['configured', 'uplink-4'],
      [undefined, 'configured'],
    ])
  })
})

test('configured elements are stored as an object, whatever their type', () => {
  const extra = [
    { pen: 0, element: 95, name: 'application', type: 'hex' },
    { pen: 9, element: 12_232, name: 'user', type: 'string' },
    { pen: 0, element: 40, name: 'big', type: 'unsigned' },
    { pen: 0, element: 41, name: 'delta', type: 'signed' },
    { pen: 0, element: 42, name: 'ratio', type: 'float' },
    { pen: 0, element: 43, name: 'peer', type: 'ip' },
    { pen: 0, element: 44, name: 'mac', type: 'mac' },
    { pen: 0, element: 276, name: 'records', type: 'bool' },
    { pen: 0, element: 45, name: 'missing', type: 'string' },
  ] as const
  const ratio = Buffer.alloc(4)
  ratio.writeFloatBE(0.5)
  const found = row(
    [
      value(95, u8(3, 0, 0, 80)),
      text(12_232, 'ann "a"', 9),
      value(40, u64(2n ** 64n - 1n)),
      value(41, u8(255, 254)),
      value(42, ratio),
      value(43, ip4('10.1.2.3')),
      value(44, u8(1, 2, 3, 4, 5, 6)),
      value(276, u8(1)),
    ],
    { extra },
  )
  expect(found?.extra).toBe(
    '{"application":"03000050","user":"ann ' +
      '\\"a\\"","big":18446744073709551615,"delta":-2,"ratio":0.5,"peer":"10.1.2.3","mac":"01:02:03:04:05:06","records":true}',
  )
  expect(row([value(8, ip4('10.0.0.1'))], { extra })).not.toHaveProperty('extra')
})
