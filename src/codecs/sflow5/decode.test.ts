import { describe, expect, test } from 'vitest'
import { flowRows, type FlowRow } from '../../../test/kit/flow-rows.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'
import { Datagram } from './datagram.ts'
import { Sflow5Decoder, type Decoded } from './decode.ts'
import {
  datagram,
  discardedSample,
  ethernet,
  expandedSample,
  flowSample,
  ipv4,
  ipv6,
  rawHeader,
  shorts,
  tagged,
  tcp,
  vectorG,
  words,
} from './testing/datagrams.ts'

const exporter = Uint32Array.of(0, 0, 0xffff, 0xc0000207)
const time = 1_700_000_000_000

function decode(bytes: Uint8Array): { result: Decoded; rows: readonly FlowRow[] } {
  const flows = new FlowBuilder(4)
  const found = new Datagram()
  found.scan(bytes)
  const result = { ...new Sflow5Decoder(flows).decode(found, { exporter, time }) }
  expect(result.decodedBytes + result.paddingBytes + result.skippedBytes + result.malformedBytes).toBe(bytes.length)
  return { result, rows: flowRows(flows.batch()) }
}

/** The one row of one flow sample with these records. */
function rowOf(...records: readonly Uint8Array[]): FlowRow {
  const { result, rows } = decode(datagram([flowSample(records)]))
  expect(result).toMatchObject({ rows: 1, malformed: undefined })
  return rows[0] ?? {}
}

const common = {
  time_start: time,
  time_end: time,
  time_received: time,
  time_skewed: 0,
  exporter_addr: '192.0.2.7',
  protocol: 'sflow5',
  protocol_version: 5,
  observation_domain: 0,
  sampling: 1000,
  in_if: 3,
  out_if: 4,
  direction: 0,
  packets: 1,
}
const vectorRow = {
  ...common,
  src_mac: '02:00:00:00:00:01',
  dst_mac: '02:00:00:00:00:02',
  vlan: 100,
  etype: 2048,
  bytes: 1000,
  src_addr: '10.0.0.1',
  dst_addr: '10.0.0.2',
  proto: 6,
  dscp: 46,
  ip_ttl: 64,
  src_port: 40_000,
  dst_port: 443,
  tcp_flags: 0x12,
}
const oneTcp = rawHeader(ethernet(shorts(0x0800), ipv4(6, tcp)))

describe('an sFlow v5 datagram', () => {
  test('becomes a row with every field of the packet, bytes by the IP header (vector G)', () => {
    const { result, rows } = decode(vectorG)
    expect(result).toEqual({
      rows: 1,
      malformed: undefined,
      decodedBytes: 150,
      paddingBytes: 2,
      skippedBytes: 0,
      malformedBytes: 0,
      counterSamples: 0,
      unknownSamples: 0,
    })
    expect(rows).toEqual([vectorRow])
  })

  test('of an agent with an IPv6 address is read behind it', () => {
    const agent = Buffer.concat([words(2), Buffer.from('20010db8000000000000000000000009', 'hex')])
    const bytes = datagram([flowSample([oneTcp])], { agent, subAgent: 4 })
    const found = new Datagram()
    expect(found.scan(bytes)).toBe(true)
    expect([...found.agent]).toEqual([0x20010db8, 0, 0, 9])
    expect(decode(bytes).rows).toMatchObject([{ observation_domain: 4, src_addr: '10.0.0.1' }])
  })

  test('gives one row for each flow sample', () => {
    const samples = [1, 2, 3].map((input) => flowSample([oneTcp], { input, rate: input }))
    expect(decode(datagram(samples)).rows.map((row) => [row['in_if'], row['sampling']])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ])
  })
})

describe('case 32: headers', () => {
  const inside = {
    src_addr: '10.0.0.1',
    dst_addr: '10.0.0.2',
    proto: 6,
    src_port: 40_000,
    dst_port: 443,
    tcp_flags: 0x12,
    bytes: 40,
  }

  test('of a VLAN give its id', () => {
    expect(rowOf(rawHeader(ethernet(shorts(0x8100, 0xe064, 0x0800), ipv4(6, tcp))))).toMatchObject({
      ...inside,
      vlan: 100,
    })
  })

  test('of QinQ keep the outer VLAN and the inner one beside it', () => {
    for (const outer of [0x88a8, 0x9100, 0x8100]) {
      const row = rowOf(rawHeader(ethernet(shorts(outer, 7, 0x8100, 0x2000 + 100, 0x0800), ipv4(6, tcp))))
      expect(row).toMatchObject({ ...inside, vlan: 7, inner_vlan: 100, etype: 2048 })
    }
  })

  test('of two MPLS labels are read through to IPv4', () => {
    const stack = words((16_001 << 12) | 64, (24_002 << 12) | 0x100 | 64)
    expect(rowOf(rawHeader(ethernet(shorts(0x8847), stack, ipv4(6, tcp))))).toMatchObject({
      ...inside,
      mpls_labels: ['16001', '24002'],
      etype: 2048,
    })
  })

  test('of IPv6 with hop-by-hop options are read through to TCP', () => {
    const options = Buffer.from('0600050200000000', 'hex')
    expect(rowOf(rawHeader(ethernet(shorts(0x86dd), ipv6(0, Buffer.concat([options, tcp])))))).toMatchObject({
      src_addr: '2001:db8::1',
      dst_addr: '2001:db8::2',
      proto: 6,
      src_port: 40_000,
      dst_port: 443,
      tcp_flags: 0x12,
      bytes: 68,
      dscp: 46,
      ip_ttl: 63,
      flow_label: 0xbeef,
      etype: 34_525,
    })
  })

  test('of a later fragment give no ports', () => {
    const row = rowOf(rawHeader(ethernet(shorts(0x0800), ipv4(6, tcp, { fragment: 185 }))))
    expect(row).toMatchObject({ src_addr: '10.0.0.1', proto: 6, fragment_id: 0x1234, fragment_offset: 185 })
    for (const name of ['src_port', 'dst_port', 'tcp_flags']) expect(row).not.toHaveProperty(name)
  })

  test('that are cut in TCP give the addresses, and what else is whole', () => {
    const header = ethernet(shorts(0x0800), ipv4(6, tcp, { length: 1500 }))
    const cut = (bytes: number): FlowRow => rowOf(rawHeader(header.subarray(0, 34 + bytes), { frame: 1514 }))
    for (const bytes of [0, 3]) {
      expect(cut(bytes)).toMatchObject({ src_addr: '10.0.0.1', dst_addr: '10.0.0.2', proto: 6, bytes: 1500 })
      expect(cut(bytes)).not.toHaveProperty('src_port')
    }
    expect(cut(13)).toMatchObject({ src_port: 40_000, dst_port: 443 })
    expect(cut(13)).not.toHaveProperty('tcp_flags')
  })
})

describe('case 33: samples', () => {
  test('of counters are skipped and counted', () => {
    const counters = [tagged(2, words(1, 3, 1, 1, 4, 0)), tagged(4, words(1, 0, 3, 0))]
    const { result, rows } = decode(datagram([...counters, flowSample([oneTcp])]))
    expect(result).toMatchObject({ rows: 1, malformed: undefined, counterSamples: 2, skippedBytes: 32 + 24 })
    expect(rows).toMatchObject([{ src_port: 40_000 }])
  })

  test('and records of other enterprises are skipped by their length', () => {
    const foreign = tagged((4300 << 12) | 1002, words(1, 2, 3))
    const { result, rows } = decode(datagram([foreign, flowSample([foreign, oneTcp, tagged(2100, words(9))])]))
    expect(result).toMatchObject({ rows: 1, malformed: undefined, unknownSamples: 1, skippedBytes: 20 + 20 + 12 })
    expect(rows).toMatchObject([{ src_port: 40_000 }])
  })

  test('have the same meaning in the expanded form', () => {
    const { result, rows } = decode(datagram([expandedSample([oneTcp], [0, 3], [0, 4])]))
    expect(result.malformed).toBeUndefined()
    expect(rows).toEqual([{ ...rowOf(oneTcp) }])
  })

  test('of dropped packets become drops with their reason, and no traffic', () => {
    const [row] = decode(datagram([discardedSample([oneTcp], 258)])).rows
    expect(row).toMatchObject({
      drop_packets: 1,
      drop_bytes: 40,
      drop_cause: 'acl',
      drop_flags: 0x12,
      in_if: 3,
      src_addr: '10.0.0.1',
    })
    for (const name of ['bytes', 'packets', 'sampling', 'out_if']) expect(row).not.toHaveProperty(name)
    expect(decode(datagram([discardedSample([], 9999)])).rows).toMatchObject([{ drop_packets: 1, drop_cause: '9999' }])
  })

  test('have a drop, or no output if there are many, by the format of the output', () => {
    const drop = { drop_packets: 1, drop_bytes: 40, drop_cause: 'acl', forwarding_status: 130 }
    const dropped = { ...drop, bytes: 40, packets: 1 }
    const often = { bytes: 40, packets: 1 }
    const compact = [flowSample([oneTcp], { output: 0x40000102 }), flowSample([oneTcp], { output: 0x80000005 })]
    const expanded = [expandedSample([oneTcp], [0, 3], [1, 258]), expandedSample([oneTcp], [0, 3], [2, 5])]
    for (const samples of [compact, expanded]) {
      const { rows } = decode(datagram(samples))
      expect(rows).toMatchObject([dropped, often])
      for (const row of rows) expect(row).not.toHaveProperty('out_if')
    }
    expect(decode(datagram(compact.slice(1))).rows[0]).not.toHaveProperty('drop_packets')
  })

  test('of many outputs are outgoing if the source is not the input, and the device itself is no interface', () => {
    const [many, own] = decode(
      datagram([
        expandedSample([oneTcp], [0, 9], [2, 5]),
        flowSample([oneTcp], { input: 0x3fffffff, output: 0x3fffffff }),
      ]),
    ).rows
    expect(many).toMatchObject({ in_if: 9, direction: 1 })
    for (const name of ['in_if', 'out_if']) expect(own).not.toHaveProperty(name)
  })

  test('that were dropped have a forwarding status by reason', () => {
    const statuses = [1, 4, 13, 256, 257, 260, 9999].map((reason) => {
      const [row] = decode(datagram([expandedSample([oneTcp], [0, 3], [1, reason])])).rows
      return row?.['forwarding_status']
    })
    expect(statuses).toEqual([131, 133, 129, 128, 137, 139, 128])
  })

  test('of a bad length end the datagram there, and earlier samples remain', () => {
    for (const length of [9999, 0xffffffff, 0x80000000]) {
      const { result, rows } = decode(
        datagram([flowSample([oneTcp]), tagged(1, words(1, 2, 3), length), flowSample([oneTcp])]),
      )
      expect(result).toMatchObject({ rows: 1, malformed: 'sample' })
      expect(rows).toHaveLength(1)
    }
    expect(decode(datagram([tagged(1, words(1, 2)), flowSample([oneTcp])])).result).toMatchObject({
      rows: 1,
      malformed: 'sample',
      malformedBytes: 16,
    })
  })

  test('of which the header announces 2^31 are read as far as they go', () => {
    for (const count of [2 ** 31, 2 ** 32 - 1]) {
      expect(decode(datagram([flowSample([oneTcp])], { count })).result).toMatchObject({
        rows: 1,
        malformed: 'truncated',
        malformedBytes: 0,
      })
    }
    expect(decode(datagram([flowSample([oneTcp], { count: 2 ** 31 })])).result).toMatchObject({
      rows: 1,
      malformed: 'record',
    })
  })

  test('after the announced ones are padding', () => {
    const extra = flowSample([oneTcp])
    expect(decode(datagram([extra, extra], { count: 1 })).result).toMatchObject({
      rows: 1,
      malformed: undefined,
      paddingBytes: extra.length + 2,
    })
  })

  test('with a record of a bad length keep the other records and the next samples', () => {
    for (const bad of [
      tagged(1, Buffer.alloc(8), 2 ** 31),
      tagged(1002, words(1)),
      tagged(1003, words(0, 1, 2, 3, 2 ** 31)),
    ]) {
      const { result, rows } = decode(datagram([flowSample([oneTcp, bad]), flowSample([oneTcp])]))
      expect(result).toMatchObject({ rows: 2, malformed: 'record', malformedBytes: bad.length })
      expect(rows).toMatchObject([{ src_port: 40_000 }, { src_port: 40_000 }])
    }
  })
})

describe('case 33: an invalid datagram', () => {
  test.each([
    ['nothing', Buffer.alloc(0), 'short'],
    ['a cut header', vectorG.subarray(0, 27), 'short'],
    ['another version', Buffer.concat([words(4), vectorG.subarray(4)]), 'version'],
    ['another kind of agent', Buffer.concat([words(5, 3), vectorG.subarray(8)]), 'agent'],
  ])('as %s is malformed', (_, bytes, malformed) => {
    expect(decode(bytes).result).toMatchObject({ rows: 0, malformed, malformedBytes: bytes.length })
  })
})

describe('records', () => {
  test('of routing give next hop, masks and autonomous systems', () => {
    const router = tagged(1002, words(1, 0xc6336401, 24, 16))
    // Own AS 64500, source 64501, peer 64502; a sequence of two and a set of one; one community.
    const gateway = tagged(
      1003,
      words(1, 0xc6336402, 64_500, 64_501, 64_502, 2, 2, 2, 64_503, 4_200_000_001, 1, 1, 64_505, 1, 99, 100),
    )
    expect(rowOf(oneTcp, router, gateway)).toMatchObject({
      next_hop: '198.51.100.1',
      src_mask: 24,
      dst_mask: 16,
      bgp_next_hop: '198.51.100.2',
      src_as: 64_501,
      dst_as: 64_505,
    })
  })

  test('of a path that is empty, or of a source AS of 0, give the router’s own AS', () => {
    const row = rowOf(oneTcp, tagged(1003, words(0, 64_500, 64_501, 64_502, 0, 0, 100)))
    expect(row).toMatchObject({ src_as: 64_501, dst_as: 64_500 })
    expect(row).not.toHaveProperty('bgp_next_hop')
    const path = words(0, 64_500, 0, 0, 1, 2, 2, 64_503, 64_504, 0, 100)
    expect(rowOf(oneTcp, tagged(1003, path))).toMatchObject({ src_as: 64_500, dst_as: 64_504 })
    expect(rowOf(oneTcp, tagged(1003, words(0, 0, 64_501, 0, 0, 0, 100)))).not.toHaveProperty('dst_as')
  })

  describe('of labels', () => {
    const bottom = words((16_001 << 12) | 0x100)
    const labelled = (...payload: readonly Uint8Array[]) => ethernet(shorts(0x8847), bottom, ...payload)

    test.each([
      ['a control word and Ethernet', [words(0), ethernet(shorts(0x0800), ipv4(6, tcp))]],
      ['a control word with a sequence', [words(77), ethernet(shorts(0x8100, 9, 0x86dd), ipv6(6, tcp))]],
      ['Ethernet alone', [ethernet(shorts(0x0800), ipv4(6, tcp))]],
      ['IPv4 with padding', [ipv4(6, tcp), Buffer.alloc(6)]],
      ['IPv6', [ipv6(6, tcp)]],
    ])('before %s give the ports, and the MAC addresses of the outer frame', (_, payload) => {
      const row = rowOf(rawHeader(labelled(...payload)))
      expect(row).toMatchObject({
        src_port: 40_000,
        dst_port: 443,
        mpls_labels: ['16001'],
        src_mac: '02:00:00:00:00:01',
      })
      expect(row).not.toHaveProperty('vlan')
    })

    test.each(['450000000002', '4500ffff0002', '600000000002', '4f00003c0002', '410000360002'])(
      'before a MAC address %s give no address',
      (mac) => {
        const frame = Buffer.concat([Buffer.from(`${mac}020000000001`, 'hex'), shorts(0x0800), ipv4(6, tcp)])
        const row = rowOf(rawHeader(labelled(frame), { frame: 600 }))
        expect(row).not.toHaveProperty('src_addr')
        expect(row).toMatchObject({ mpls_labels: ['16001'] })
      },
    )
  })

  test('of another enterprise, or longer than known, before the header cost nothing', () => {
    const longer = tagged(1001, words(100, 0, 200, 0, 7, 8))
    expect(rowOf(tagged((8800 << 12) | 2, words(1, 2, 3)), longer, oneTcp)).toMatchObject({
      src_addr: '10.0.0.1',
      vlan: 100,
      dst_vlan: 200,
    })
  })

  test('of counters with a corrupt record leave the flow samples around them', () => {
    const counters = tagged(2, Buffer.concat([words(1, 2, 1), words(1, 4000), words(1)]))
    const { result, rows } = decode(datagram([flowSample([oneTcp]), counters, flowSample([oneTcp], { sequence: 12 })]))
    expect(rows).toHaveLength(2)
    expect(result).toMatchObject({ counterSamples: 1, malformed: undefined })
  })

  test('of a switch give VLANs that the header does not show', () => {
    const switched = tagged(1001, words(100, 0, 200, 0))
    expect(rowOf(oneTcp, switched)).toMatchObject({ vlan: 100, dst_vlan: 200 })
    expect(rowOf(rawHeader(ethernet(shorts(0x8100, 7, 0x0800), ipv4(6, tcp))), switched)).toMatchObject({
      vlan: 7,
      dst_vlan: 200,
    })
    expect(rowOf(oneTcp, tagged(1001, words(0, 0, 0xffffffff, 0)))).not.toHaveProperty('dst_vlan')
  })

  test('of stripped tags put them around those of the header', () => {
    const tunnel = tagged(1012, words(1, 0x88a80007))
    expect(rowOf(rawHeader(ethernet(shorts(0x8100, 100, 0x0800), ipv4(6, tcp))), tunnel)).toMatchObject({
      vlan: 7,
      inner_vlan: 100,
    })
    expect(rowOf(oneTcp, tagged(1012, words(2, 0x88a80007, 0x81000064)))).toMatchObject({ vlan: 7, inner_vlan: 100 })
  })

  test('of a VXLAN header give the packet in it beside the outer one, and bytes of the outer one', () => {
    const payload = Buffer.concat([words(0x08000000, 42 << 8), ethernet(shorts(0x0800), ipv4(6, tcp))])
    const outer = ipv6(17, Buffer.concat([shorts(50_000, 4789, 8 + payload.length, 0), payload]))
    expect(rowOf(rawHeader(ethernet(shorts(0x86dd), outer)))).toMatchObject({
      proto: 17,
      src_port: 50_000,
      dst_port: 4789,
      bytes: outer.length,
      vni: 42,
      inner_src_addr: '10.0.0.1',
      inner_dst_addr: '10.0.0.2',
      inner_proto: 6,
      inner_src_port: 40_000,
      inner_dst_port: 443,
    })
  })

  test('of translation give addresses and ports', () => {
    const row = rowOf(oneTcp, tagged(1007, words(1, 0xcb007101, 1, 0x0a000002)), tagged(1020, words(1025, 443)))
    expect(row).toMatchObject({
      xlat_src_addr: '203.0.113.1',
      xlat_dst_addr: '10.0.0.2',
      xlat_src_port: 1025,
      xlat_dst_port: 443,
    })
  })

  test('of MPLS give the labels of the received packet', () => {
    expect(rowOf(oneTcp, tagged(1006, words(1, 0xc6336403, 1, (3001 << 12) | 0x140, 0)))).toMatchObject({
      mpls_labels: ['3001'],
      next_hop: '198.51.100.3',
    })
  })

  test('that an agent parsed itself replace the header', () => {
    const v4 = tagged(3, words(1000, 6, 0x0a000001, 0x0a000002, 40_000, 443, 0x12, 46 << 2))
    expect(rowOf(v4)).toEqual({
      ...common,
      etype: 2048,
      bytes: 1000,
      src_addr: '10.0.0.1',
      dst_addr: '10.0.0.2',
      proto: 6,
      dscp: 46,
      src_port: 40_000,
      dst_port: 443,
      tcp_flags: 0x12,
    })
    const v6 = tagged(4, words(120, 58, 0x20010db8, 0, 0, 1, 0x20010db8, 0, 0, 2, 0, 0, 0, 0))
    expect(rowOf(v6)).toMatchObject({
      etype: 34_525,
      bytes: 120,
      src_addr: '2001:db8::1',
      dst_addr: '2001:db8::2',
      proto: 58,
    })
    expect(rowOf(v6)).not.toHaveProperty('src_port')
    const frame = tagged(
      2,
      Buffer.concat([words(1018), Buffer.from('0200000000010000' + '0200000000020000', 'hex'), words(0x0806)]),
    )
    expect(rowOf(frame)).toMatchObject({
      src_mac: '02:00:00:00:00:01',
      dst_mac: '02:00:00:00:00:02',
      etype: 0x0806,
      bytes: 1000,
    })
    expect(rowOf(oneTcp, tagged(3, words(9, 17, 1, 2, 3, 4, 5, 6)))).toEqual(rowOf(oneTcp))
  })

  test('of other link layers are read by their protocol', () => {
    const protocols: readonly [number, Uint8Array][] = [
      [11, ipv4(6, tcp)],
      [13, Buffer.concat([words((16 << 12) | 0x100), ipv4(6, tcp)])],
      [7, Buffer.concat([shorts(0x0021), ipv4(6, tcp)])],
    ]
    for (const [protocol, header] of protocols) {
      expect(rowOf(rawHeader(header, { protocol }))).toMatchObject({
        src_addr: '10.0.0.1',
        dst_port: 443,
        bytes: 40,
        ip_ttl: 64,
      })
    }
    expect(rowOf(rawHeader(Buffer.alloc(24, 8), { protocol: 15 }))).toEqual({ ...common, bytes: 24 })
  })

  test('of packets that are not IP count what follows the Ethernet header', () => {
    const row = rowOf(rawHeader(ethernet(shorts(0x8100, 5, 0x0806), Buffer.alloc(42)), { frame: 60 }))
    expect(row).toMatchObject({ etype: 0x0806, vlan: 5, bytes: 42, packets: 1 })
    expect(row).not.toHaveProperty('src_addr')
  })

  test('of packets that an offload put together, without a length, count what the frame holds', () => {
    expect(rowOf(rawHeader(ethernet(shorts(0x0800), ipv4(6, tcp, { length: 0 })), { frame: 64_014 }))).toMatchObject({
      bytes: 64_000,
    })
    expect(rowOf(rawHeader(ethernet(shorts(0x86dd), ipv6(6, tcp, 0)), { frame: 100_014 }))).toMatchObject({
      bytes: 100_000,
      src_port: 40_000,
    })
  })
})

test('interfaces and rates unknown to the agent are absent, and the data source determines the direction', () => {
  const [unknown, egress, vlan] = decode(
    datagram([
      flowSample([oneTcp], { input: 0, output: 0, rate: 0 }),
      flowSample([oneTcp], { source: 4 }),
      flowSample([oneTcp], { source: 0x01000003 }),
    ]),
  ).rows
  for (const name of ['in_if', 'out_if', 'sampling', 'direction']) expect(unknown).not.toHaveProperty(name)
  expect(egress).toMatchObject({ direction: 1 })
  expect(vlan).not.toHaveProperty('direction')
})
