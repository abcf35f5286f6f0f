import { expect, test } from 'vitest'
import type { EventBatch, FlowBatch } from '../../model/batches.ts'
import { flowFields } from '../../model/fields.ts'
import { toEventBatch } from '../../model/events.ts'
import { encodeBlock } from './block.ts'
import { eventColumns } from './events.ts'
import { flowColumns, flowColumnType } from './flows.ts'
import { readBlocks, readRows } from './read.ts'
import { BlockTexts } from './texts.ts'
import { parseType } from './types.ts'

const all = (count: number): Uint32Array => Uint32Array.from({ length: count }, (_, row) => row)

function flowBlock(pieces: readonly { readonly batch: FlowBatch; readonly rows: Uint32Array }[]): Uint8Array {
  const count = pieces.reduce((sum, { rows }) => sum + rows.length, 0)
  return encodeBlock(flowColumns(pieces, count, flowFields, new BlockTexts()), count)
}

const first: FlowBatch = {
  kind: 'flows',
  count: 3,
  dictionary: ['', 'shop', 'web', '[{"Feature":"acl"}]', 'eth0'],
  columns: {
    time_start: { kind: 'time', values: Float64Array.of(1_700_000_000_500, -1.5, Number.NaN) },
    src_addr: { kind: 'ip', words: Uint32Array.of(0, 0, 0xffff, 0x0a000001, 0x20010db8, 0, 0, 1, 0, 0, 0, 0) },
    src_port: { kind: 'u16', values: Uint16Array.of(80, 0, 443), valid: Uint8Array.of(0b101) },
    bytes: { kind: 'u64', words: Uint32Array.of(0xffffffff, 0, 1, 0x200000, 7, 0) },
    src_mac: { kind: 'mac', words: Uint32Array.of(0x01, 0x0200, 0x01, 0x0200, 0xffffffff, 0xffff) },
    src_namespace: { kind: 'dict', codes: Uint32Array.of(1, 0, 1) },
    dns_name: { kind: 'dict', codes: Uint32Array.of(0, 2, 0) },
    network_events: { kind: 'json', codes: Uint32Array.of(3, 0, 0) },
    interfaces: { kind: 'list<dict>', offsets: Uint32Array.of(0, 1, 1, 3), items: Uint32Array.of(4, 4, 2) },
    if_directions: { kind: 'list<u8>', offsets: Uint32Array.of(0, 1, 1, 3), items: Uint8Array.of(1, 0, 1) },
    ipsec_code: { kind: 'i32', values: Int32Array.of(-5, 0, 1) },
    dns_latency: { kind: 'f64', values: Float64Array.of(0.5, 2, 3) },
  },
}

test('case 27: 4294967295 and 2^53 + 1 stay exact, as do all other kinds; absent values are NULL', () => {
  expect(readRows(flowBlock([{ batch: first, rows: all(3) }]))).toEqual([
    {
      time_start: 1_700_000_000_500,
      src_addr: '10.0.0.1',
      src_port: 80,
      bytes: 4_294_967_295n,
      src_mac: '02:00:00:00:00:01',
      src_namespace: 'shop',
      dns_name: null,
      network_events: '[{"Feature":"acl"}]',
      interfaces: ['eth0'],
      if_directions: [1],
      ipsec_code: -5,
      dns_latency: 0.5,
    },
    {
      time_start: -1.5,
      src_addr: '2001:db8::1',
      src_port: null,
      bytes: 2n ** 53n + 1n,
      src_mac: '02:00:00:00:00:01',
      src_namespace: null,
      dns_name: 'web',
      network_events: null,
      interfaces: [],
      if_directions: [],
      ipsec_code: 0,
      dns_latency: 2,
    },
    {
      time_start: null,
      src_addr: '::',
      src_port: 443,
      bytes: 7n,
      src_mac: 'ff:ff:ff:ff:ff:ff',
      src_namespace: 'shop',
      dns_name: null,
      network_events: null,
      interfaces: ['eth0', 'web'],
      if_directions: [0, 1],
      ipsec_code: 1,
      dns_latency: 3,
    },
  ])
})

test('batches with different columns and dictionaries are one block of the chosen rows', () => {
  const second: FlowBatch = {
    kind: 'flows',
    count: 2,
    dictionary: ['', 'web', 'shop'],
    columns: {
      src_namespace: { kind: 'dict', codes: Uint32Array.of(2, 1) },
      dst_port: { kind: 'u16', values: Uint16Array.of(1, 2) },
    },
  }
  const rows = readRows(
    flowBlock([
      { batch: first, rows: Uint32Array.of(0, 2) },
      { batch: second, rows: all(2) },
    ]),
  )
  expect(rows.map((row) => [row['src_namespace'], row['dst_port'], row['bytes'], row['interfaces']])).toEqual([
    ['shop', null, 4_294_967_295n, ['eth0']],
    ['shop', null, 7n, ['eth0', 'web']],
    ['shop', 1, null, []],
    ['web', 2, null, []],
  ])
})

test('texts of a dictionary are written once, with indexes as wide as needed', () => {
  const dictionary = ['', ...Array.from({ length: 70_000 }, (_, n) => `ns-${n}`)]
  const block = (texts: number): Uint8Array => {
    const codes = Uint32Array.from({ length: 2 * texts }, (_, row) => 1 + (row % texts))
    const batch: FlowBatch = {
      kind: 'flows',
      count: codes.length,
      dictionary,
      columns: { src_namespace: { kind: 'dict', codes } },
    }
    return flowBlock([{ batch, rows: all(codes.length) }])
  }
  for (const [texts, width] of [
    [255, 1],
    [256, 2],
    [65_535, 2],
    [65_536, 4],
  ] as const) {
    const bytes = block(texts)
    expect(readBlocks(bytes)[0]?.values).toEqual(Array.from({ length: 2 * texts }, (_, row) => `ns-${row % texts}`))
    const keys = dictionary.slice(1, texts + 1).reduce((sum, text) => sum + 1 + text.length, 0)
    expect(bytes.length).toBeLessThan(keys + 2 * texts * width + 100)
  }
})

test('the layout of a block is the documented one, byte for byte', () => {
  const batch: FlowBatch = {
    kind: 'flows',
    count: 1,
    dictionary: ['', 'a'],
    columns: {
      scope: { kind: 'dict', codes: Uint32Array.of(1) },
      vlan: { kind: 'u16', values: Uint16Array.of(258) },
    },
  }
  const word = (value: number): number[] => [value & 255, value >> 8, 0, 0, 0, 0, 0, 0]
  const text = (value: string): number[] => [value.length, ...Buffer.from(value)]
  const vlan = [...text('vlan'), ...text('Nullable(UInt16)'), 0, 2, 1]
  const keys = [...word(0x600), ...word(2), 0, ...text('a')]
  const scope = [...text('scope'), ...text('LowCardinality(Nullable(String))'), ...word(1), ...keys, ...word(1), 1]
  expect([...flowBlock([{ batch, rows: all(1) }])]).toEqual([2, 1, ...vlan, ...scope])
})

test('events keep envelope and body', () => {
  const events = [
    { id: 'a', source: '/s', type: 't', family: 'audit', time: 5, key: 'k', encoding: 'json', data: Buffer.from('{}') },
    { id: 'é', source: '/s', type: 't', encoding: 'binary', data: Uint8Array.of(0x41, 0x42), ref: 'r', subject: 'x' },
    { id: 'c'.repeat(300), source: '/s', type: 'u', encoding: 'none', extensions: { n: 1 } },
  ] as const
  const batch: EventBatch = toEventBatch(events)
  const read = (rows: Uint32Array) =>
    readRows(encodeBlock(eventColumns([{ batch, rows }], rows.length, new BlockTexts()), rows.length))
  expect(read(all(3))).toMatchObject([
    { id: 'a', source: '/s', type: 't', family: 'audit', time: 5, key: 'k', encoding: 'json', data: '{}', ref: null },
    { id: 'é', family: 'event', time: null, key: null, subject: 'x', ref: 'r', encoding: 'binary', data: 'AB' },
    { id: 'c'.repeat(300), type: 'u', encoding: 'none', data: '', extensions: '{"n":1}' },
  ])
  expect(read(Uint32Array.of(1)).map(({ id }) => id)).toEqual(['é'])
})

test('a type of every kind is known, and types are parsed with their arguments', () => {
  expect(flowFields.map((field) => flowColumnType(field)).filter((type) => !/^[A-Z]/.test(type))).toEqual([])
  expect(parseType("Nullable(DateTime64(6, 'UTC, (x)'))")).toEqual({
    name: 'Nullable',
    inner: [{ name: 'DateTime64', inner: [parseType('6'), { name: "'UTC, (x)'", inner: [] }] }],
  })
})

test('a truncated block and an unknown type are errors', () => {
  const block = flowBlock([{ batch: first, rows: all(3) }])
  for (let length = 1; length < block.length; length += 7)
    expect(() => readBlocks(block.subarray(0, length))).toThrow(/ends within a column/)
  expect(() => readBlocks(encodeBlock([{ name: 'a', type: 'Dynamic', data: [Uint8Array.of(1)] }], 1))).toThrow(
    'columns of type Dynamic are not supported',
  )
  expect(readBlocks(encodeBlock([{ name: 'a', type: 'UInt8', data: [] }], 0))).toEqual([
    { name: 'a', type: 'UInt8', values: [] },
  ])
})
