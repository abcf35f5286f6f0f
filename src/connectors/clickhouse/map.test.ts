import { expect, test } from 'vitest'
import { readRows } from '../../codecs/clickhouse-native/index.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { flowFields } from '../../model/fields.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { eventBatch, flowBatch, numberedEvents } from '../../../test/conformance/batches.ts'
import { clickhouseSchema } from './config.ts'
import { insertBlock, previewRow, type Target } from './map.ts'
import { tooLarge } from './map-example.ts'
import { chunksOf } from './map-rows.ts'
import { addColumns, addIndex, databaseStatement, schemaOf } from './map-schema.ts'

type Written = WrittenConfigOf<typeof clickhouseSchema>
const config = (written: Partial<Written> = {}) => configFrom(clickhouseSchema, { url: 'http://ch:8123', ...written })
const target: Target = { ...config(), writer: 'w', narrow: new Set() }
const example: Target = { ...config({ layout: 'netobserv-example', table_prefix: '' }), writer: 'w', narrow: new Set() }

test.each<[Partial<Written>, string]>([
  [{ url: 'http://ch:9000' }, 'write `http://ch:8123`'],
  [{ url: 'https://ch:9440' }, 'write `https://ch:8443`'],
  [{ url: 'http://ch:8123/?user=me' }, 'the URL has a query'],
  [{ tls: { verify: false } }, 'the URL is plain http'],
  [{ auth: { type: 'certificate', user: 'me' } }, '`tls` has none'],
  [{ distributed: true }, 'set `cluster`'],
  [{ distributed: true, cluster: 'c', layout: 'netobserv-example' }, 'has no shards'],
  [{ headers: { 'X-ClickHouse-Key': 'x' } }, "can't be set here"],
  [{ database: 'a b' }, 'a name of letters'],
  [{ table_prefix: 'a`b' }, 'letters, digits'],
])('the settings %j are refused', (written, words) => {
  expect(() => config(written)).toThrow(words)
})

test('the table of flows has every field of the registry under its name, and the position of each row', () => {
  const [, , , flows] = schemaOf(config()).tables
  expect(flows?.columns.map(({ name }) => name)).toEqual([
    '_writer',
    '_source',
    '_epoch',
    '_sequence',
    '_row',
    '_received',
    ...flowFields.map(({ name }) => name),
    'bytes_est',
    'packets_est',
    '_pos',
  ])
})

test('tables have indexes of the times by which queries select, also existing ones', () => {
  const { tables } = schemaOf(config({ database: 'net' }))
  expect(tables.map(({ indexes }) => indexes.map(({ name }) => name))).toEqual([
    ['bucket'],
    ['bucket'],
    ['bucket'],
    ['received'],
    ['received', 'happened'],
  ])
  expect(tables[3]?.create).toContain(
    "INDEX `received` if(isNull(time_received), toDateTime64(_received, 6, 'UTC'), assumeNotNull(time_received)) " +
      'TYPE minmax GRANULARITY 1) ENGINE',
  )
  const [index] = tables[0]?.indexes ?? []
  expect(addIndex(config({ cluster: 'main' }), 'weir_flows_1m', index ?? { name: '', definition: '' })).toBe(
    'ALTER TABLE `default`.`weir_flows_1m` ON CLUSTER `main` ADD INDEX IF NOT EXISTS `bucket` toDateTime64(time, 6, ' +
      "'UTC') TYPE minmax GRANULARITY 1",
  )
})

test('on a cluster tables are replicated, and rows distributed by frame', () => {
  const { tables, others } = schemaOf(config({ cluster: 'main', distributed: true, database: 'net' }))
  expect(tables.map(({ name }) => name)).toEqual([
    'weir_flows_1m_local',
    'weir_flows_5m_local',
    'weir_flows_1h_local',
    'weir_flows_local',
    'weir_events_local',
  ])
  for (const { create } of [...tables, ...others]) expect(create).toContain(' ON CLUSTER `main`')
  expect(tables[3]?.create).toMatch(
    /ENGINE = ReplicatedMergeTree PARTITION BY.*replicated_deduplication_window = 10000/,
  )
  expect(tables[0]?.create).toContain('ENGINE = ReplicatedSummingMergeTree((flows, bytes')
  expect(others.find(({ name }) => name === 'weir_flows')?.create).toBe(
    'CREATE TABLE IF NOT EXISTS `net`.`weir_flows` ON CLUSTER `main` AS `net`.`weir_flows_local` ENGINE = ' +
      "Distributed(`main`, 'net', 'weir_flows_local', cityHash64(_source, _epoch, _sequence))",
  )
  expect(databaseStatement(config({ cluster: 'main' }))).toBe(
    'CREATE DATABASE IF NOT EXISTS `default` ON CLUSTER `main`',
  )
  expect(addColumns(config({ cluster: 'main' }), 'weir_flows_local', tables[3]?.columns.slice(6, 7) ?? [])).toBe(
    'ALTER TABLE `default`.`weir_flows_local` ON CLUSTER `main` ADD COLUMN IF NOT EXISTS `time_start` ' +
      "Nullable(DateTime64(6, 'UTC')) CODEC(Delta(8), ZSTD(1))",
  )
})

test('a batch is one chunk per kind, in its order, and always the same ones when it is too large', () => {
  const events = eventBatch(numberedEvents(4, 'e'), 't')
  const { batch: flows } = flowBatch(120_000, 't')
  const mixed = { ...flows, count: flows.count + 4, pieces: [...events.pieces, ...flows.pieces] }
  const chunks = chunksOf(mixed)
  expect(chunks.map(({ kind, count, indexes }) => [kind, count, indexes[0], indexes.at(-1)])).toEqual([
    ['flows', 100_000, 4, 100_003],
    ['flows', 20_000, 100_004, 120_003],
    ['events', 4, 0, 3],
  ])
  expect(chunksOf(mixed)).toEqual(chunks)
  const large = numberedEvents(3, 'b').map((event) => ({ ...event, data: new Uint8Array(40 * 1024 * 1024) }))
  expect(chunksOf(eventBatch(large, 't')).map(({ count }) => count)).toEqual([1, 1, 1])
})

test('a block has the positions of its rows', () => {
  const { batch, ids } = flowBatch(2, 't')
  const [chunk] = chunksOf(batch)
  if (chunk === undefined) throw new Error('no chunk')
  const { statement, body } = insertBlock(target, chunk)
  expect(statement).toBe(
    'INSERT INTO `default`.`weir_flows` (`_writer`, `_source`, `_epoch`, `_sequence`, `_row`, `_received`, ' +
      '`src_port`, `bytes`) FORMAT Native',
  )
  expect(
    readRows(body).map((row) => ['_source', '_epoch', '_sequence', '_row'].map((name) => String(row[name])).join(':')),
  ).toEqual(ids)
  const [piece] = batch.pieces
  if (piece === undefined) throw new Error('no piece')
  expect(JSON.parse(previewRow(target, piece, 1))).toMatchObject({ _writer: 'w', src_port: 1, bytes: '200' })
})

const flow: FlowBatch = {
  kind: 'flows',
  count: 3,
  dictionary: ['', 'web', 'Pod', 'shop'],
  columns: {
    time_start: { kind: 'time', values: Float64Array.of(1_700_000_000_500, 0, 0), valid: Uint8Array.of(1) },
    time_end: { kind: 'time', values: Float64Array.of(1_700_000_009_000, 1, 2) },
    src_addr: {
      kind: 'ip',
      words: Uint32Array.of(0, 0, 0xffff, 0x0a000001, 0x20010db8, 0, 0, 1, 0, 0, 0xffff, 0x0a000001),
    },
    src_name: { kind: 'dict', codes: Uint32Array.of(1, 0, 1) },
    src_kind: { kind: 'dict', codes: Uint32Array.of(2, 0, 2) },
    src_namespace: { kind: 'dict', codes: Uint32Array.of(3, 0, 3) },
    bytes: { kind: 'u64', words: Uint32Array.of(1000, 0, 0xffffffff, 0, 0, 1) },
    packets: { kind: 'u64', words: Uint32Array.of(10, 0, 1, 0, 2, 0), valid: Uint8Array.of(0b101) },
  },
}

test("the twelve columns are those of NetObserv's example; absent values are empty or 0", () => {
  const { batch } = flowBatch(3, 't')
  const [piece] = batch.pieces
  if (piece === undefined) throw new Error('no piece')
  const [chunk] = chunksOf({ ...batch, pieces: [{ ...piece, batch: flow }] })
  if (chunk === undefined) throw new Error('no chunk')
  const none = { dst_ip: '', dst_name: '', dst_kind: '', dst_namespace: '' }
  const expected = [
    {
      start: 1_700_000_000_500,
      end: 1_700_000_009_000,
      src_ip: '10.0.0.1',
      src_name: 'web',
      src_kind: 'Pod',
      src_namespace: 'shop',
      bytes: 1000n,
      packets: 10n,
      ...none,
    },
    {
      start: 0,
      end: 1,
      src_ip: '2001:db8::1',
      src_name: '',
      src_kind: '',
      src_namespace: '',
      bytes: 4_294_967_295n,
      packets: 0n,
      ...none,
    },
    {
      start: 0,
      end: 2,
      src_ip: '10.0.0.1',
      src_name: 'web',
      src_kind: 'Pod',
      src_namespace: 'shop',
      bytes: 4_294_967_296n,
      packets: 2n,
      ...none,
    },
  ]
  const wide = insertBlock(example, chunk)
  expect(wide.statement).toBe(
    'INSERT INTO `default`.`flows` (`start`, `end`, `src_ip`, `dst_ip`, `src_name`, `dst_name`, `src_kind`, ' +
      '`dst_kind`, `src_namespace`, `dst_namespace`, `bytes`, `packets`) FORMAT Native',
  )
  expect(readRows(wide.body)).toEqual(expected)
  const narrow = new Set(['bytes', 'packets'])
  expect(tooLarge(chunk, narrow)).toEqual(new Map([[2, 'bytes']]))
  expect(readRows(insertBlock({ ...example, narrow }, chunk).body).map(({ bytes }) => bytes)).toEqual([
    1000, 4_294_967_295, 0,
  ])
})
