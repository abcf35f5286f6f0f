import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawnSize } from '../../../test/kit/seeds.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { flowFields, type Field } from '../../model/fields.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'
import { formatIp, parseIp } from '../../model/ip.ts'
import { NetObservReader, netobservJson } from './index.ts'
import { parseExact } from '../../model/exact-json.ts'
import { keyOf } from './keys.ts'

const fields: readonly Field[] = flowFields
const known = fields.filter(({ name }) => name !== 'extra')

/** A record as JSON, with bigint for what a double cannot hold. */
type Record_ = Record<string, unknown>

const address = fc.oneof(
  fc.integer({ min: 1, max: 0xffff_ffff }).map((word) => formatIp(Uint32Array.of(0, 0, 0xffff, word))),
  fc
    .tuple(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff), fc.nat(0xffff_ffff), fc.nat(0xffff_ffff))
    .map((words) => formatIp(Uint32Array.from([words[0] | 1, ...words.slice(1)]))),
)
const text = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
const list = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { minLength: 1, maxLength: 4 })

/** Values that survive the round trip. */
function valueOf({ name, kind }: Field): fc.Arbitrary<unknown> {
  const positive = name === 'bytes' || name === 'packets' || name === 'sampling' ? 1 : 0
  if (name === 'conversation_first') return fc.boolean()
  if (name === 'etype') return fc.constantFrom(2048, 34525)
  if (name === 'quic_version')
    return fc.constantFrom('QUIC v1', 'QUIC v2', 'QUIC Unknown (2)', 'QUIC Unknown (4294967295)')
  if (name === 'proto') return fc.constantFrom(1, 6, 17, 47, 58, 132)
  switch (kind) {
    case 'u8':
      return fc.nat(255)
    case 'u16':
      return fc.nat(0xffff)
    case 'u32':
      return fc.integer({ min: positive, max: 0xffff_ffff })
    case 'i32':
      return fc.integer()
    case 'u64':
      return fc
        .bigInt({ min: BigInt(positive), max: 2n ** 64n - 1n })
        .map((value) => (value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value))
    case 'f64':
      return fc.nat()
    case 'time':
      return name === 'time_received' ? fc.nat(4_000_000_000) : fc.nat(4_000_000_000_000)
    case 'ip':
      return address
    case 'mac':
      return fc
        .uint8Array({ minLength: 6, maxLength: 6 })
        .map((bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':'))
    case 'dict':
      return text
    case 'list<u8>':
      return list(fc.nat(255))
    case 'list<dict>':
      return list(fc.string({ maxLength: 6 }))
    case 'json':
      return fc.array(
        fc.dictionary(text, fc.oneof(text, fc.nat(), fc.boolean())).map((one) => ({ ...one })),
        { maxLength: 3 },
      )
  }
}

const anyRecord: fc.Arbitrary<Record_> = fc
  .record(
    {
      ...Object.fromEntries(known.map((field) => [keyOf(field), valueOf(field)])),
      Rack: fc.nat(),
      'site "x"': fc.oneof(text, fc.bigInt({ min: 2n ** 60n, max: 2n ** 64n })),
    },
    { requiredKeys: [] },
  )
  .map((record) => ({ ...record }))

/** What NetObserv has a key for only under a condition, written down a second time. */
function expected(record: Record_): Record_ {
  const out = { ...record }
  const without = (...keys: string[]): void => keys.forEach((key) => delete out[key])
  if (out.Proto !== undefined) {
    if (![6, 17, 132].includes(out.Proto as number)) without('SrcPort', 'DstPort')
    if (out.Proto !== 6) without('Flags')
    if (![1, 58].includes(out.Proto as number)) without('IcmpType', 'IcmpCode')
  }
  const translated = [out.XlatSrcAddr, out.XlatDstAddr].every((one) => one !== undefined && one !== '::')
  if (!translated) without('XlatSrcAddr', 'XlatDstAddr', 'XlatSrcPort', 'XlatDstPort', 'ZoneId')
  const seen = (out.SrcAddr ?? out.DstAddr) as string | undefined
  if (out.Etype === undefined && seen !== undefined)
    out.Etype = seen.includes('.') && !seen.includes(':') ? 2048 : 34525
  return out
}

function read(...records: string[]): { batch: FlowBatch; reader: NetObservReader } {
  const flows = new FlowBuilder(1)
  const reader = new NetObservReader(flows)
  for (const record of records) reader.read(record)
  return { batch: flows.batch(), reader }
}

const json = (record: Record_): string =>
  JSON.stringify(record, (_, value: unknown) =>
    typeof value === 'bigint' ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value)) : value,
  )

test('every field of the registry survives the round trip, beside unknown keys', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 4 }), (records) => {
      const { batch, reader } = read(...records.map(json))
      const write = netobservJson(batch)
      records.forEach((record, row) => {
        const back = parseExact(write(row)) as Record_
        expect(back).toEqual(expected(record))
      })
      expect([reader.malformed, reader.wrong.size]).toEqual([0, 0])
      // A second round trip changes nothing.
      const again = read(...records.map((_, row) => write(row)))
      records.forEach((_, row) => expect(netobservJson(again.batch)(row)).toBe(write(row)))
    }),
    { numRuns: drawnSize(100, 300) },
  )
})

/** Vector H of the fact sheet, as the decoder of the agent's records gives it. */
const vectorH = {
  Etype: 2048,
  SrcMac: '02:00:00:00:00:01',
  DstMac: '02:00:00:00:00:02',
  SrcAddr: '10.0.0.1',
  DstAddr: '10.0.0.2',
  SrcPort: 40000,
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
  Udns: ['blue'],
  AgentIP: '192.0.2.1',
  NetworkEvents: [
    { Feature: 'acl', Type: 'NetpolNode', Namespace: 'shop', Name: 'deny', Action: 'drop', Direction: 'Ingress' },
  ],
  _RecordType: 'flowLog',
  _HashId: '1a2b',
  _IsFirst: true,
  SrcK8S_Namespace: 'shop',
  SrcK8S_OwnerType: 'Deployment',
}

test('the agent’s flow is the record of the fact sheet, flags as a number or by name', () => {
  const { batch } = read(JSON.stringify(vectorH))
  expect(JSON.parse(netobservJson(batch)(0))).toEqual(vectorH)
  expect(JSON.parse(netobservJson(batch, { flags: 'names' })(0))).toEqual({
    ...vectorH,
    Flags: ['SYN', 'ACK', 'SYN_ACK'],
  })
  const { time_start: start, time_received: received, bytes } = batch.columns
  expect(start).toMatchObject({ values: Float64Array.of(1_700_000_000_500) })
  expect(received).toMatchObject({ values: Float64Array.of(1_700_000_010_000) })
  expect(bytes).toMatchObject({ words: Uint32Array.of(1000, 0) })
})

test('case 37: a JSON record with floats, 64-bit strings and flag names is the same record', () => {
  const { batch, reader } = read(
    '{"SrcPort":443.0,"Bytes":"18446744073709551615","Packets":9007199254740993,"Flags":["SYN","FIN_ACK"],"TimeFlowStartMs":1.7e12,"Proto":6.0}',
  )
  expect(reader.wrong.size).toBe(0)
  expect(netobservJson(batch)(0)).toBe(
    '{"TimeFlowStartMs":1700000000000,"SrcPort":443,"Proto":6,"Flags":514,"Bytes":18446744073709551615,"Packets":9007199254740993}',
  )
})

test('a value of the wrong type is counted under its key, and the rest of the row remains', () => {
  const { batch, reader } = read(
    '{"SrcAddr":"10.0.0.1","SrcPort":"443","DstPort":65536,"Bytes":-1,"Packets":1.5,"DstAddr":"nowhere","SrcMac":"1:2","Interfaces":["eth0",7],"IfDirections":"in","Flags":["SNY"],"SrcK8S_Name":5,"_IsFirst":"yes","DnsLatencyMs":"1"}',
    '{"SrcPort":"444","Proto":17,"Interfaces":["eth1"],"DstAddr":"","DnsName":null}',
  )
  expect(Object.fromEntries(reader.wrong)).toEqual({
    SrcPort: 2,
    DstPort: 1,
    Bytes: 1,
    Packets: 1,
    DstAddr: 1,
    SrcMac: 1,
    Interfaces: 1,
    IfDirections: 1,
    Flags: 1,
    SrcK8S_Name: 1,
    _IsFirst: 1,
    DnsLatencyMs: 1,
  })
  const write = netobservJson(batch)
  expect([write(0), write(1)]).toEqual(['{"SrcAddr":"10.0.0.1","Etype":2048}', '{"Proto":17,"Interfaces":["eth1"]}'])
})

test('unknown keys are stored exactly and counted, and replace no known one', () => {
  const { batch, reader } = read(
    '{"Rack":12345678901234567890,"extra":{"a":[1]},"__proto__":{"x":1},"SamplingRate":7,"direction":1}',
  )
  expect(Object.fromEntries(reader.unknown)).toEqual(
    Object.fromEntries([
      ['Rack', 1],
      ['extra', 1],
      ['__proto__', 1],
    ]),
  )
  expect(netobservJson(batch)(0)).toBe(
    '{"direction":1,"Sampling":7,"Rack":12345678901234567890,"extra":{"a":[1]},"__proto__":{"x":1}}',
  )
  const flows = new FlowBuilder()
  const extra = flows.column('extra')
  flows.reserve(1)
  extra.items[0] = flows.code('{"SrcAddr":"6.6.6.6","Rack":1}')
  extra.mark(0)
  flows.commit(1)
  expect(netobservJson(flows.batch())(0)).toBe('{"Rack":1}')
})

test('a value with excessive nesting is omitted, and the row remains', () => {
  const deep = '['.repeat(200_000) + ']'.repeat(200_000)
  const { batch, reader } = read(`{"Rack":${deep},"NetworkEvents":${deep},"Proto":6}`, '{"Proto":17}')
  expect(Object.fromEntries(reader.wrong)).toEqual({ Rack: 1, NetworkEvents: 1 })
  const write = netobservJson(batch)
  expect([write(0), write(1)]).toEqual(['{"Proto":6}', '{"Proto":17}'])
})

test('a record that is no object yields no row, and is counted', () => {
  const { batch, reader } = read('', '[]', 'null', '7', '{"SrcPort":1', '{"SrcPort":1}')
  expect([batch.count, reader.malformed]).toEqual([1, 5])
})

test('keys without end do not make the counters grow without end', () => {
  const flows = new FlowBuilder()
  const reader = new NetObservReader(flows)
  for (let i = 0; i < 1000; i++) reader.read(`{"k${i}":1}`)
  expect(reader.unknown.size).toBeLessThanOrEqual(257)
  expect([...reader.unknown.values()].reduce((sum, n) => sum + n, 0)).toBe(1000)
})

test('no zero counter, no empty text, no port without a protocol that has ports', () => {
  const batch: FlowBatch = {
    kind: 'flows',
    count: 2,
    dictionary: ['', ''],
    columns: {
      bytes: { kind: 'u64', words: Uint32Array.of(0, 0, 0, 1) },
      sampling: { kind: 'u32', values: Uint32Array.of(0, 1) },
      proto: { kind: 'u8', values: Uint8Array.of(1, 17) },
      src_port: { kind: 'u16', values: Uint16Array.of(0, 53) },
      src_addr: {
        kind: 'ip',
        words: Uint32Array.from([...(parseIp('10.0.0.1') ?? []), ...(parseIp('2001:db8::1') ?? [])]),
      },
      tcp_flags: { kind: 'u16', values: Uint16Array.of(0, 0) },
      icmp_type: { kind: 'u8', values: Uint8Array.of(8, 0) },
      dns_latency: { kind: 'f64', values: Float64Array.of(0.6, Number.NaN) },
      src_name: { kind: 'dict', codes: Uint32Array.of(1, 0) },
    },
  }
  const write = netobservJson(batch)
  expect(write(0)).toBe('{"SrcAddr":"10.0.0.1","Proto":1,"IcmpType":8,"Etype":2048,"DnsLatencyMs":1}')
  expect(write(1)).toBe(
    '{"SrcAddr":"2001:db8::1","SrcPort":53,"Proto":17,"Bytes":4294967296,"Sampling":1,"Etype":34525}',
  )
})

test('a record with the original fields has only keys of NetObserv and members of extra', () => {
  const builder = new FlowBuilder(1)
  const reader = new NetObservReader(builder)
  reader.read(
    JSON.stringify({
      SrcAddr: '192.0.2.1',
      Bytes: 9,
      direction: 1,
      protocol: 'netobserv',
      time_skewed: 0,
      team: 'shop',
    }),
  )
  const write = (choice: 'original' | 'all'): unknown =>
    JSON.parse(netobservJson(builder.batch(), { flags: 'raw', fields: choice })(0))
  expect(write('original')).toEqual({ SrcAddr: '192.0.2.1', Etype: 2048, Bytes: 9, team: 'shop' })
  expect(write('all')).toMatchObject({ direction: 1, protocol: 'netobserv', time_skewed: 0 })
})
