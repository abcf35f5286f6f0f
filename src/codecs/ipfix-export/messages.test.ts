import fc from 'fast-check'
import { expect, test } from 'vitest'
import { flowRows } from '../../../test/kit/flow-rows.ts'
import { IpfixReader, type IpfixRecord, type ReadMessage } from '../../../test/kit/ipfix-reader.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { NetObservReader } from '../netobserv-json/index.ts'
import { Bench } from '../templates/testing/datagrams.ts'
import { MessageWriter, stampMessage, type MessageOptions } from './index.ts'

const udp: MessageOptions = {
  elements: 'netobserv',
  domain: 1,
  enterprise: 2,
  sampling: true,
  limit: 1400,
  largest: 65_507,
}
const received = 1_700_000_100_000

const tcpFlow = {
  Etype: 2048,
  SrcMac: '02:00:00:00:00:01',
  DstMac: '02:00:00:00:00:02',
  SrcAddr: '10.0.0.1',
  DstAddr: '10.0.0.2',
  SrcPort: 40_000,
  DstPort: 443,
  Proto: 6,
  Flags: 0x112,
  Bytes: 1000,
  Packets: 10,
  TimeFlowStartMs: 1_700_000_000_500,
  TimeFlowEndMs: 1_700_000_009_000,
  Interfaces: ['eth0', 'br-ex'],
  IfDirections: [1, 0],
  TimeFlowRttNs: 20_000_000,
  SrcK8S_Namespace: 'shop',
  SrcK8S_Name: 'cart-1',
  DstK8S_Namespace: 'shop',
  DstK8S_Name: 'db-0',
  SrcK8S_HostName: 'node-a',
  DstK8S_HostName: 'node-b',
  XlatSrcAddr: '192.0.2.1',
  XlatDstAddr: '192.0.2.2',
  XlatSrcPort: 1234,
  XlatDstPort: 4321,
}

function batchOf(...flows: readonly object[]): FlowBatch {
  const builder = new FlowBuilder()
  const reader = new NetObservReader(builder)
  for (const flow of flows) reader.read(JSON.stringify(flow))
  return builder.batch()
}

const every = (batch: FlowBatch): Uint32Array => Uint32Array.from({ length: batch.count }, (_, row) => row)

interface Exported {
  readonly datagrams: readonly Buffer[]
  readonly messages: readonly ReadMessage[]
  readonly records: readonly IpfixRecord[]
  readonly tooLarge: readonly { readonly index: number }[]
  readonly rows: readonly number[]
}

function templatesOf(writer: MessageWriter): Buffer[] {
  const { flows, sampling } = writer.templates()
  return [...flows, sampling].map((message) => Buffer.from(message))
}

function exported(batch: FlowBatch, options: Partial<MessageOptions> = {}, writer?: MessageWriter): Exported {
  const used = writer ?? new MessageWriter({ ...udp, ...options })
  const { messages, tooLarge } = used.encode([{ batch, rows: every(batch), received }])
  const reader = new IpfixReader()
  let sequence = 0
  const datagrams = templatesOf(used)
  for (const { bytes, records } of messages) {
    stampMessage(bytes, 1_700_000_100, sequence)
    sequence += records
    datagrams.push(Buffer.from(bytes))
  }
  const read = datagrams.map((datagram) => reader.read(datagram))
  return {
    datagrams,
    messages: read,
    records: read.flatMap(({ records }) => records.filter(({ template }) => template < 258)),
    tooLarge,
    rows: messages.flatMap(({ rows }) => rows),
  }
}

const text = (record: IpfixRecord | undefined, key: string): string => record?.fields.get(key)?.toString() ?? 'missing'
const number = (record: IpfixRecord | undefined, key: string): bigint =>
  BigInt(`0x${record?.fields.get(key)?.toString('hex') ?? ''}`)

test("the templates have the elements of NetObserv's exporter in its order", () => {
  const common = '256 61 56 80 4 7 11 1 152 153 2 82 6 227 228 304 311'.split(' ')
  const own = [7733, 7734, 7735, 7736, 7737, 7738, 7740, 7741, 7742].map((id) => `99:${id}`)
  const reader = new IpfixReader()
  const templates = templatesOf(new MessageWriter({ ...udp, enterprise: 99 }))
  expect(templates.map((message) => reader.read(message).templates)).toEqual([[256], [257], [258]])
  expect(reader.elements(256)).toEqual(['8', '12', '176', '177', '225', '226', ...common, ...own])
  expect(reader.elements(257)).toEqual(['27', '28', '193', '178', '179', '281', '282', ...common, ...own])
  for (const message of templatesOf(new MessageWriter({ ...udp, enterprise: 0 }))) reader.read(message)
  expect([reader.elements(256).length, reader.elements(257).length]).toEqual([23, 24])
})

test('each element has the value of its field', () => {
  const { records } = exported(batchOf(tcpFlow))
  const [record] = records
  expect(Object.fromEntries([...(record?.fields ?? [])].map(([key, value]) => [key, value.toString('hex')]))).toEqual({
    8: '0a000001',
    12: '0a000002',
    176: '00',
    177: '00',
    225: 'c0000201',
    226: 'c0000202',
    256: '0800',
    61: '01',
    56: '020000000001',
    80: '020000000002',
    4: '06',
    7: '9c40',
    11: '01bb',
    1: '00000000000003e8',
    152: '0000018bcfe569f4',
    153: '0000018bcfe58b28',
    2: '000000000000000a',
    82: Buffer.from('eth0').toString('hex'),
    6: '0012',
    227: '04d2',
    228: '10e1',
    304: '0000',
    311: '0000000000000000',
    '2:7733': Buffer.from('shop').toString('hex'),
    '2:7734': Buffer.from('cart-1').toString('hex'),
    '2:7735': Buffer.from('shop').toString('hex'),
    '2:7736': Buffer.from('db-0').toString('hex'),
    '2:7737': Buffer.from('node-a').toString('hex'),
    '2:7738': Buffer.from('node-b').toString('hex'),
    '2:7740': '0000000001312d00',
    '2:7741': Buffer.from('eth0,br-ex').toString('hex'),
    '2:7742': Buffer.from('1,0').toString('hex'),
  })
})

test('case 46: a flow without names after one with names has empty strings and zeros', () => {
  const bare = { Etype: 2048, SrcAddr: '10.0.0.3', DstAddr: '10.0.0.4', Proto: 47, Bytes: 5 }
  const { records } = exported(batchOf({ ...tcpFlow, Sampling: 10 }, bare, { ...bare, Sampling: 10 }))
  const others = records.filter((record) => record.fields.get('8')?.toString('hex') === '0a000003')
  expect(others).toHaveLength(2)
  for (const record of others) {
    for (const id of [7733, 7734, 7735, 7736, 7737, 7738, 7741, 7742]) expect(text(record, `2:${id}`)).toBe('')
    expect(text(record, '82')).toBe('')
    for (const key of ['7', '11', '2', '6', '225', '226', '227', '228', '2:7740', '56', '80', '61'])
      expect([key, number(record, key)]).toEqual([key, 0n])
    // A flow without times has its receive time.
    expect([number(record, '152'), number(record, '153')]).toEqual([BigInt(received), BigInt(received)])
  }
  expect(others.map((record) => Number(number(record, '304'))).toSorted((a, b) => a - b)).toEqual([0, 4])
})

test('case 46: a 300-character name is exported whole; datagrams keep to the limit', () => {
  const long = 'n'.repeat(300)
  const { records, datagrams } = exported(
    batchOf(...Array.from({ length: 20 }, () => ({ ...tcpFlow, SrcK8S_Name: long }))),
  )
  expect(records.map((record) => text(record, '2:7734'))).toEqual(Array<string>(20).fill(long))
  expect(Math.max(...datagrams.map(({ length }) => length))).toBeLessThanOrEqual(1400)
})

test('a record above the limit is sent alone; one above a message is rejected; neither affects others', () => {
  const named = (length: number): object => ({ ...tcpFlow, SrcK8S_Name: 'n'.repeat(length) })
  const { records, tooLarge, datagrams, rows } = exported(
    batchOf(tcpFlow, named(5000), tcpFlow, named(66_000), named(65_400), tcpFlow),
  )
  expect(tooLarge).toMatchObject([{ index: 3 }, { index: 4 }])
  expect(rows.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 5])
  expect(records.map((record) => text(record, '2:7734').length).sort((a, b) => a - b)).toEqual([6, 6, 6, 5000])
  expect(datagrams.filter(({ length }) => length > 1400)).toHaveLength(1)
})

test('ICMP types are in their elements and in the destination port', () => {
  const ping = { Etype: 2048, SrcAddr: '10.0.0.1', DstAddr: '10.0.0.2', Proto: 1, IcmpType: 8, IcmpCode: 0 }
  const six = { Etype: 34_525, SrcAddr: '2001:db8::1', DstAddr: '2001:db8::2', Proto: 58, IcmpType: 128, IcmpCode: 1 }
  const [four, other] = exported(batchOf(ping, six)).records
  expect(['176', '177', '7', '11'].map((key) => number(four, key))).toEqual([8n, 0n, 0n, 2048n])
  expect(['178', '179', '7', '11', '193'].map((key) => number(other, key))).toEqual([128n, 1n, 0n, 0x8001n, 58n])
  expect(other?.fields.get('27')?.toString('hex')).toBe('20010db8000000000000000000000001')
})

test('messages begin with the sampling interval of their records, also after it ends', () => {
  const flow = { ...tcpFlow, Sampling: 50 }
  const writer = new MessageWriter(udp)
  expect(
    exported(batchOf(tcpFlow), {}, writer)
      .messages.at(-1)
      ?.records.map(({ template }) => template),
  ).toEqual([256])
  const rates = exported(batchOf(flow, { ...flow, Sampling: 10 }, tcpFlow), {}, writer).messages.slice(3)
  expect(
    rates.map(({ records: [options, record] }) => [
      ['34', '305', '306', '149'].map((key) => number(options, key)),
      record?.fields.get('311')?.readDoubleBE(0),
    ]),
  ).toEqual([
    [[50n, 1n, 49n, 1n], 0.02],
    [[10n, 1n, 9n, 1n], 0.1],
    [[1n, 1n, 0n, 1n], 0],
  ])
})

test('without options sampled flows have the interval in element 311 only', () => {
  const { messages } = exported(batchOf({ ...tcpFlow, Sampling: 50 }, tcpFlow), { sampling: false })
  const records = messages.flatMap((message) => message.records)
  expect(records.map((record) => [record.template, record.fields.get('311')?.readDoubleBE(0)])).toEqual([
    [256, 0.02],
    [256, 0],
  ])
})

test("Weir's decoder reads back every exported field, and finds no gap in the sequence", () => {
  const address4 = fc
    .integer({ min: 1, max: 0xffff_ffff })
    .map((n) => [24, 16, 8, 0].map((s) => (n >>> s) & 255).join('.'))
  const name = fc.string({ minLength: 1, maxLength: 300 })
  const u64 = fc.bigInt({ min: 1n, max: 2n ** 53n - 1n }).map(Number)
  const flow = fc.record(
    {
      Proto: fc.constant(17),
      SrcPort: fc.integer({ min: 1, max: 65_535 }),
      DstPort: fc.integer({ min: 1, max: 65_535 }),
      Bytes: u64,
      Packets: u64,
      Sampling: fc.integer({ min: 2, max: 1000 }),
      TimeFlowStartMs: fc.integer({ min: 1_699_999_000_000, max: 1_700_000_000_000 }),
      TimeFlowEndMs: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_001_000 }),
      Interfaces: fc.array(fc.stringMatching(/^[a-z0-9]{1,15}$/), { minLength: 1, maxLength: 6 }),
      TimeFlowRttNs: u64,
      SrcK8S_Namespace: name,
      SrcK8S_Name: name,
      DstK8S_Name: name,
      DstK8S_HostName: name,
    },
    {
      requiredKeys: ['Proto', 'SrcPort', 'DstPort', 'Bytes', 'Packets', 'TimeFlowStartMs', 'TimeFlowEndMs', 'Sampling'],
    },
  )
  const ends = fc.oneof(
    fc.tuple(address4, address4).map(([a, b]) => ({ Etype: 2048, SrcAddr: a, DstAddr: b })),
    fc.nat(65_535).map((n) => ({ Etype: 34_525, SrcAddr: `2001:db8::${n.toString(16)}:1`, DstAddr: 'fe80::1' })),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(ends, flow), { minLength: 1, maxLength: 40 }), (drawn) => {
      const batch = batchOf(...drawn.map(([a, b]) => ({ ...a, ...b, IfDirections: b.Interfaces?.map(() => 1) })))
      const { datagrams, rows } = exported(batch)
      const bench = new Bench()
      for (const datagram of datagrams) expect(bench.take(datagram)).toBeUndefined()
      const back = flowRows(bench.flows.batch())
      const before = flowRows(batch)
      expect(back).toMatchObject(rows.map((row) => ({ ...before[row] })))
      expect(bench.exporters.map(({ missing }) => missing)).toEqual([0])
    }),
  )
})
