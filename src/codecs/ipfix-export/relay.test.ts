import { describe, expect, test } from 'vitest'
import { flowRows, type FlowRow } from '../../../test/kit/flow-rows.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'
import { NetObservReader } from '../netobserv-json/index.ts'
import { Bench } from '../templates/testing/datagrams.ts'
import { MessageWriter, stampMessage, type MessageOptions } from './index.ts'

const usual: MessageOptions = {
  elements: 'relay',
  domain: 1,
  enterprise: 0,
  sampling: true,
  limit: 1400,
  largest: 65_507,
}
const received = 1_700_000_100_000

function batchOf(...records: readonly object[]): FlowBatch {
  const builder = new FlowBuilder()
  const reader = new NetObservReader(builder)
  for (const record of records) reader.read(JSON.stringify(record))
  return builder.batch()
}

/** What Weir reads of the messages, with all templates sent before them. */
function relayed(batch: FlowBatch, options: Partial<MessageOptions> = {}): readonly FlowRow[] {
  const writer = new MessageWriter({ ...usual, ...options })
  const { flows, sampling } = writer.templates()
  const rows = Uint32Array.from({ length: batch.count }, (_, row) => row)
  const { messages, tooLarge } = writer.encode([{ batch, rows, received }])
  expect(tooLarge).toEqual([])
  const bench = new Bench()
  for (const template of [...flows, sampling]) bench.take(template)
  let sequence = 0
  for (const { bytes, records } of messages) {
    stampMessage(bytes, 1_700_000_100, sequence)
    sequence += records
    expect(bench.take(bytes)).toBeUndefined()
  }
  return flowRows(bench.flows.batch())
}

/** Fields that NetObserv has no name for. */
const named = {
  src_mask: 24,
  dst_mask: 16,
  flow_end_reason: 3,
  mpls_labels: ['100', '16'],
  firewall_event: 3,
  firewall_reason: 1001,
  in_acl: '0f8e7ff3-fc1a030f-00000000',
  application: 'ssl',
  user: 'alice',
  flow_id: 9,
  in_if_name: 'uplink',
}
const router = {
  AgentIP: '198.51.100.1',
  SrcAddr: '10.0.0.1',
  DstAddr: '10.0.0.2',
  SrcPort: 40_000,
  DstPort: 443,
  Proto: 6,
  Flags: 0x12,
  Dscp: 46,
  Bytes: 5_000_000_000,
  Packets: 10,
  Sampling: 100,
  InIf: 3,
  OutIf: 4,
  SrcAs: 64_500,
  DstAs: 4_200_000_000,
  NextHop: '10.0.0.254',
  BgpNextHop: '192.0.2.9',
  VlanId: 12,
  IngressVrfId: 7,
  EgressVrfId: 8,
  ForwardingStatus: 64,
  IpTtl: 63,
  TimeFlowStartMs: 1_700_000_000_500,
  TimeFlowEndMs: 1_700_000_009_000,
  ...named,
}
const expected = {
  exporter_addr: '198.51.100.1',
  src_addr: '10.0.0.1',
  dst_addr: '10.0.0.2',
  src_port: 40_000,
  dst_port: 443,
  proto: 6,
  tcp_flags: 0x12,
  dscp: 46,
  bytes: 5_000_000_000,
  packets: 10,
  sampling: 100,
  in_if: 3,
  out_if: 4,
  src_as: 64_500,
  dst_as: 4_200_000_000,
  next_hop: '10.0.0.254',
  bgp_next_hop: '192.0.2.9',
  vlan: 12,
  in_vrf: 7,
  out_vrf: 8,
  forwarding_status: 64,
  ip_ttl: 63,
  ...named,
  time_start: 1_700_000_000_500,
  time_end: 1_700_000_009_000,
}

describe('a relay', () => {
  test('keeps every value of a router and a firewall', () => {
    expect(relayed(batchOf(router))).toMatchObject([expected])
  })

  test('leaves absent values absent, also beside flows that have them', () => {
    const [, bare] = relayed(
      batchOf(router, { SrcAddr: '2001:db8::1', DstAddr: '2001:db8::2', Proto: 17, src_mask: 64 }),
    )
    const {
      protocol,
      protocol_version,
      observation_domain,
      etype,
      time_received,
      time_skewed,
      exporter_addr,
      ...rest
    } = bare!
    void [protocol, protocol_version, observation_domain, etype, time_received, time_skewed, exporter_addr]
    expect(rest).toEqual({
      src_addr: '2001:db8::1',
      dst_addr: '2001:db8::2',
      proto: 17,
      src_mask: 64,
      // Collectors apply the interval of the options to the whole domain until the next one.
      sampling: 1,
      time_start: received,
      time_end: received,
    })
  })

  test('keeps a zero that was reported', () => {
    const zero = { SrcAddr: '10.0.0.1', DstAddr: '10.0.0.2', SrcAs: 0, InIf: 0, Proto: 1, IcmpType: 0, IcmpCode: 0 }
    expect(relayed(batchOf(zero))).toMatchObject([{ src_as: 0, in_if: 0, icmp_type: 0, icmp_code: 0 }])
  })

  test('keeps the packet in a tunnel, of either family, and its network', () => {
    const tunnel = { SrcAddr: '10.0.0.1', DstAddr: '10.0.0.2', Proto: 17, DstPort: 4789 }
    const inner = { inner_proto: 6, inner_src_port: 0, inner_dst_port: 443, vni: 4_294_967_295 }
    const v4 = { ...inner, inner_src_addr: '192.168.0.1', inner_dst_addr: '192.168.0.2' }
    const v6 = { ...inner, vni: 7, inner_src_addr: '2001:db8::1', inner_dst_addr: '2001:db8::2' }
    const network = { vni: 100 }
    const [one, two, three] = relayed(batchOf({ ...tunnel, ...v4 }, { ...tunnel, ...v6 }, { ...tunnel, ...network }))
    expect([one, two, three]).toMatchObject([
      { src_addr: '10.0.0.1', dst_port: 4789, ...v4 },
      { src_addr: '10.0.0.1', dst_port: 4789, ...v6 },
      { src_addr: '10.0.0.1', dst_port: 4789, vni: 100 },
    ])
    expect(Object.keys(three!).filter((name) => name.startsWith('inner_'))).toEqual([])
  })

  test("keeps NetObserv's lists of interfaces, and makes none of the name of an interface", () => {
    const ends = { SrcAddr: '10.0.0.1', DstAddr: '10.0.0.2' }
    const all = relayed(
      batchOf(
        { ...ends, Interfaces: ['eth0', 'br-ex', 'n'.repeat(300)], IfDirections: [0, 1, 0] },
        { ...ends, in_if_name: 'uplink' },
        { ...ends, in_if_name: 'uplink', Interfaces: ['eth0'], IfDirections: [1] },
        ends,
        { ...ends, Interfaces: ['a,b'], IfDirections: [12] },
      ),
      { enterprise: 2 },
    )
    expect(all.map((row) => [row['interfaces'], row['if_directions'], row['in_if_name']])).toEqual([
      [['eth0', 'br-ex', 'n'.repeat(300)], [0, 1, 0], undefined],
      [undefined, undefined, 'uplink'],
      [['eth0'], [1], 'uplink'],
      [undefined, undefined, undefined],
      [undefined, undefined, undefined],
    ])
  })

  test('announces each set of elements once', () => {
    const writer = new MessageWriter(usual)
    const { flows } = writer.templates()
    const batch = batchOf(router, router, { SrcAddr: '10.0.0.1' })
    for (let turn = 0; turn < 3; turn++) writer.encode([{ batch, rows: Uint32Array.of(0, 1, 2), received }])
    expect(flows).toHaveLength(3)
  })
})
