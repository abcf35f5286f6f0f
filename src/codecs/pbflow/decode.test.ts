import fc from 'fast-check'
import { expect, test } from 'vitest'
import { flowRows, type FlowRow } from '../../../test/kit/flow-rows.ts'
import { drawnSize } from '../../../test/kit/seeds.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'
import { parseIp } from '../../model/ip.ts'
import { netobservJson } from '../netobserv-json/index.ts'
import { ByteBuffer } from '../../model/byte-buffer.ts'
import { pbflowWriter } from './encode.ts'
import { AgentFlowDecoder, countRecords, type Received } from './decode.ts'
import { flow, ipv4, ipv6, message, records, time } from './testing/messages.ts'

const received: Received = {
  time: 1_700_000_010_000,
  skewLimit: 3_600_000,
  sender: parseIp('198.51.100.7') ?? new Uint32Array(4),
}

const vectorH = Buffer.from(
  '08801010011a0c0880e2cfaa061080cab5ee0122060889e2cfaa062a0e088180808080401082808080804032100a050d0100000a1205' +
    '0d0200000a182e3a0908c0b80210bb03180640e807480a62050d010200c0689202c201051080dac409d201080a04657468301001e80132',
  'hex',
)

function decode(bytes: Uint8Array): { readonly rows: FlowRow[]; readonly json: unknown[]; readonly malformed: number } {
  const flows = new FlowBuilder(1)
  const decoder = new AgentFlowDecoder(flows)
  decoder.records(bytes, 0, received)
  const batch = flows.batch()
  const json = Array.from({ length: decoder.rows }, (_, row) => JSON.parse(netobservJson(batch)(row)) as unknown)
  return { rows: flowRows(batch), json, malformed: decoder.malformed }
}

test('case 36: vector H is the record of the facts, in a message and alone', () => {
  const expected = {
    Etype: 2048,
    SrcMac: '02:00:00:00:00:01',
    DstMac: '02:00:00:00:00:02',
    SrcAddr: '10.0.0.1',
    DstAddr: '10.0.0.2',
    SrcPort: 40_000,
    DstPort: 443,
    Proto: 6,
    Dscp: 46,
    Flags: 0x112,
    Bytes: 1000,
    Packets: 10,
    Sampling: 50,
    TimeFlowStartMs: 1_700_000_000_500,
    TimeFlowEndMs: 1_700_000_009_000,
    TimeReceived: 1_700_000_010,
    TimeFlowRttNs: 20_000_000,
    Interfaces: ['eth0'],
    IfDirections: [1],
    AgentIP: '192.0.2.1',
  }
  const { rows, json, malformed } = decode(records(vectorH))
  expect(malformed).toBe(0)
  expect(json).toEqual([expect.objectContaining(expected)])
  expect(rows).toEqual([expect.objectContaining({ direction: 1, time_skewed: 0, protocol: 'netobserv' })])

  const flows = new FlowBuilder(1)
  const decoder = new AgentFlowDecoder(flows)
  expect(decoder.record(vectorH, received)).toBe(true)
  decoder.finish(0, received)
  expect(flowRows(flows.batch())).toEqual(rows)
})

/** A record with all optional fields, in the order of their numbers. */
const everything = message(
  [1, 0x86dd],
  [2, 1],
  [3, time(1_700_000_000_500)],
  [4, time(1_700_000_009_250)],
  [5, message([1, 0x0200_0000_0001n], [2, 0xffff_ffff_ffffn])],
  [6, message([1, ipv6(`20010db8${'0'.repeat(23)}1`)], [2, ipv6(`20010db8${'0'.repeat(23)}2`)], [3, 46])],
  [7, message([1, 40_000], [2, 443], [3, 6])],
  [8, 2n ** 63n],
  [9, 10],
  [12, ipv4('192.0.2.1')],
  [13, 0x112],
  [16, 5_000_000_000],
  [17, 70_000],
  [18, 0x12],
  [19, 1],
  [20, (3 << 16) + 5],
  [21, 4711],
  [22, 0x8183],
  [23, time(1001.5)],
  [24, time(2000.000_001)],
  [25, 110],
  [26, message([1, 'eth0'], [3, 'blue'])],
  [26, message([1, 'br-ex'], [2, 1])],
  [27, message([1, message([1, 'Feature'], [2, 'acl'])], [1, message([1, 'Action'], [2, 'drop'])])],
  [28, message([1, ipv4('10.1.0.1')], [2, ipv4('10.1.0.2')], [3, 5000], [5, 7])],
  [29, 50],
  [31, -22],
  [32, 'a-name-that-is-longer-than-31-bytes.example.com'],
  [33, 0x0304],
  [34, 1],
  [35, 0b10_0011],
  [36, 0x1301],
  [37, 4588],
  [38, message([1, 1], [2, 1])],
)

test('case 36: DNS, drops, RTT, TLS, QUIC, IPsec, translation and network events are read without narrowing', () => {
  const event = (...pairs: readonly (readonly [string, string])[]): Buffer =>
    message(...pairs.map(([key, value]) => [1, message([1, key], [2, value])] as const))
  const { rows, malformed } = decode(
    records(
      flow([
        [16, 5_000_000_000],
        [17, 70_000],
        [18, 0x12],
        [19, 1],
        [20, 8],
        [21, 4711],
        [22, 0x8183],
        [23, time(1.5)],
        [24, time(2000)],
        [25, 110],
        [26, message([1, 'eth0'], [2, 0], [3, 'blue'])],
        [26, message([1, 'br-ex'], [2, 1])],
        [27, event(['Feature', 'acl'], ['Action', 'drop'], ['Name', 'deny'])],
        [27, event(['Message', 'é'])],
        [28, message([1, ipv4('10.1.0.1')], [2, ipv4('10.1.0.2')], [3, 5000], [5, 7])],
        [29, 50],
        [31, -22],
        [32, 'a-name-that-is-longer-than-31-bytes.example.com'],
        [33, 0x0304],
        [34, 1],
        [35, 0b10_0011],
        [36, 0x1301],
        [37, 4588],
        [38, message([1, 1], [2, 1])],
        [99, 'from a later agent'],
      ]),
    ),
  )
  expect(malformed).toBe(0)
  expect(rows).toEqual([
    expect.objectContaining({
      drop_bytes: 5_000_000_000,
      drop_packets: 70_000,
      drop_flags: 0x12,
      drop_state: 'TCP_ESTABLISHED',
      drop_cause: 'SKB_DROP_REASON_NETFILTER_DROP',
      dns_id: 4711,
      dns_flags: 0x8183,
      dns_rcode: 'NXDomain',
      dns_latency: 1.5,
      dns_errno: 110,
      dns_name: 'a-name-that-is-longer-than-31-bytes.example.com',
      rtt: 2_000_000_000,
      interfaces: ['eth0', 'br-ex'],
      if_directions: [0, 1],
      udns: ['blue', ''],
      network_events: '[{"Feature":"acl","Action":"drop","Name":"deny"},{"Message":"é"}]',
      xlat_src_addr: '10.1.0.1',
      xlat_dst_addr: '10.1.0.2',
      xlat_src_port: 5000,
      xlat_zone: 7,
      ipsec_code: -22,
      ipsec_status: 'error',
      tls_version: '~ TLS 1.3',
      tls_cipher_suite: 'TLS_AES_128_GCM_SHA256',
      tls_group: 'X25519MLKEM768',
      tls_types: ['ClientHello', 'ServerHello', 'AppData'],
      quic_version: 1,
      quic_long_header: 1,
      quic_short_header: 0,
      sampling: 50,
    }),
  ])
  expect(rows[0]).not.toHaveProperty('xlat_dst_port')
})

test('a decoded row is encoded to the bytes of the agent', () => {
  const encoded = (bytes: Uint8Array): Uint8Array => {
    const flows = new FlowBuilder(1)
    const decoder = new AgentFlowDecoder(flows)
    expect(decoder.record(bytes, received)).toBe(true)
    const out = new ByteBuffer()
    pbflowWriter(flows.batch())(0, out)
    return out.copy()
  }
  expect(Buffer.from(encoded(vectorH)).toString('hex')).toBe(vectorH.toString('hex'))
  expect(Buffer.from(encoded(everything)).toString('hex')).toBe(everything.toString('hex'))
})

test('a field exists only if the agent measured it', () => {
  const { rows } = decode(records(flow()))
  expect(Object.keys(rows[0] ?? {}).toSorted()).toEqual(
    (
      'bytes direction dscp dst_addr dst_mac dst_port etype exporter_addr packets proto protocol src_addr src_mac ' +
      'src_port tcp_flags time_end time_received time_skewed time_start'
    ).split(' '),
  )
})

test('case 36: ICMP has type and code instead of ports, and other ethertypes have no addresses', () => {
  const { rows } = decode(
    records(
      flow(
        [
          [14, 8],
          [15, 1],
        ],
        { proto: 1 },
      ),
      flow([[2, 1]], { etype: 0x0806 }),
      message(
        [1, 0x86dd],
        [6, message([1, ipv6(`20010db8${'0'.repeat(23)}1`)], [2, ipv6('00')])],
        [7, message([3, 58])],
      ),
    ),
  )
  expect(rows[0]).toMatchObject({ proto: 1, icmp_type: 8, icmp_code: 1 })
  expect(rows[0]).not.toHaveProperty('src_port')
  expect(rows[1]).toMatchObject({ etype: 0x0806, direction: 1, exporter_addr: '192.0.2.1' })
  expect(rows[1]).not.toHaveProperty('src_addr')
  expect(rows[2]).toMatchObject({ src_addr: '2001:db8::1', dst_addr: '::', exporter_addr: '198.51.100.7' })
})

test('an agent that reports one interface has it in the list', () => {
  const { rows } = decode(
    records(
      flow([
        [2, 1],
        [10, 'ens3'],
      ]),
    ),
  )
  expect(rows).toEqual([expect.objectContaining({ interfaces: ['ens3'], if_directions: [1] })])
})

test('a malformed record costs only itself, and a malformed message only its rest', () => {
  const good = flow()
  const bad = good.subarray(0, good.length - 2)
  expect(decode(records(good, bad, good))).toMatchObject({ malformed: 1, rows: { length: 2 } })
  const whole = records(good, good)
  expect(decode(whole.subarray(0, whole.length - 1))).toMatchObject({ malformed: 1, rows: { length: 1 } })
  expect(decode(Buffer.from('0b', 'hex'))).toMatchObject({ malformed: 1, rows: { length: 0 } })
  expect([countRecords(whole), countRecords(new Uint8Array(0))]).toEqual([2, 0])
})

test('a message is decoded in parts of the size of a unit', () => {
  const whole = records(flow(), flow(), flow())
  const flows = new FlowBuilder()
  const decoder = new AgentFlowDecoder(flows)
  const at = decoder.records(whole, 0, received, { rows: 2, bytes: Infinity })
  expect([decoder.rows, at]).toEqual([2, (whole.length / 3) * 2])
  flows.reset()
  expect(decoder.records(whole, at, received, { rows: 2, bytes: Infinity })).toBe(whole.length)
  expect([decoder.rows, flows.count]).toEqual([1, 1])
})

test('random and damaged bytes never throw, and rows stay consistent', () => {
  const whole = records(
    flow([
      [26, message([1, 'eth0'], [3, 'x'])],
      [27, message([1, message([1, 'a'], [2, 'b'])])],
    ]),
    vectorH,
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, byte]) => {
          const copy = Uint8Array.from(whole)
          copy[at] = byte
          return copy
        }),
        fc.nat(whole.length).map((length) => whole.subarray(0, length)),
      ),
      (bytes) => {
        const { rows, json } = decode(bytes)
        expect(rows).toHaveLength(json.length)
      },
    ),
    { numRuns: drawnSize(600, 3000) },
  )
})
