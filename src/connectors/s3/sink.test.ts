import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect, onTestFinished, test } from 'vitest'
import { eventBatch, numberedEvents, testContext } from '../../../test/conformance/batches.ts'
import { auth, region } from '../../../test/kit/aws-server.ts'
import { flowSinkBatch } from '../../../test/kit/metric-flows.ts'
import type { Sink } from '../../engine/contracts.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { s3Schema } from './config.ts'
import { sink as s3 } from './sink.ts'
import { startBucket, type TestBucket } from './testing/bucket.ts'

type Written = Partial<WrittenConfigOf<typeof s3Schema>>

const never = new AbortController().signal

async function opened(written: Written = {}): Promise<{ readonly bucket: TestBucket; readonly sink: Sink }> {
  const bucket = await startBucket()
  onTestFinished(() => bucket.close())
  const config = { bucket: bucket.name, endpoint: bucket.url, region, auth, timeout: '5s', ...written }
  const sink = await s3.build(configFrom(s3Schema, config), testContext())
  onTestFinished(() => sink.close())
  return { bucket, sink }
}

const flows = [1, 2, 3, 4, 5].map((bytes) => ({
  SrcAddr: '10.0.0.1',
  DstAddr: '10.0.0.2',
  Proto: 6,
  Flags: 18,
  Bytes: bytes,
  SrcK8S_Name: 'größe',
}))

test('format netobserv: an object has the members of flowlogs-pipeline, and the configured header', async () => {
  const { bucket, sink } = await opened({
    format: 'netobserv',
    prefix: 'tenant/',
    header: { site: 'west' },
    object_rows: 3,
    tcp_flags: 'names',
  })
  const batch = flowSinkBatch(flows, 't')
  expect(await sink.send(batch, never)).toEqual([])
  const objects = await bucket.objects()
  const received = new Date(batch.pieces[0]?.header.received ?? 0).toISOString()
  const [year = '', month = '', day = '', time = ''] = received.split(/[-T:]/)
  const hour = `year=${year}/month=${month}/day=${day}/hour=${time}`
  const at = `${received.slice(0, 19)}Z`
  for (const [number, { key }] of objects.entries())
    expect(key).toMatch(new RegExp(`^tenant/${hour}/stream-id=\\d{8}T\\d{6}Z-[0-9a-f]{16}/0000000${number}$`))
  const parsed = objects.map(({ text }) => JSON.parse(text) as Record<string, unknown>)
  const expected = flows.map((flow) => ({ ...flow, Flags: ['SYN', 'ACK'] }))
  const members = { site: 'west', version: 'v0.1', capture_start_time: at, capture_end_time: at }
  expect(parsed).toMatchObject([
    { ...members, number_of_flow_logs: 3, flow_logs: expected.slice(0, 3) },
    { ...members, number_of_flow_logs: 2, flow_logs: expected.slice(3) },
  ])
  expect(objects.map(({ type, encoding }) => [type, encoding])).toEqual([
    ['application/json', undefined],
    ['application/json', undefined],
  ])
})

test('lines are compressed; a repeated batch replaces its objects, another adds some', async () => {
  const { bucket, sink } = await opened({ codec: 'netobserv-json' })
  for (const token of ['t', 't', 'u']) expect(await sink.send(flowSinkBatch(flows, token), never)).toEqual([])
  const objects = await bucket.objects()
  expect(objects).toHaveLength(2)
  for (const { key, text, type, encoding } of objects) {
    expect([key.slice(-10), type, encoding]).toEqual(['.ndjson.gz', 'application/x-ndjson', 'gzip'])
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject(flows)
  }
})

test('CSV has its header in each object', async () => {
  const { bucket, sink } = await opened({ codec: 'csv', compression: 'none', object_rows: 3 })
  expect(await sink.send(flowSinkBatch(flows, 't'), never)).toEqual([])
  const lines = (await bucket.objects()).map(({ text }) => text.trim().split(/\r?\n/))
  expect(lines.map(({ length }) => length)).toEqual([4, 3])
  expect(lines[0]?.[0]).toBe(lines[1]?.[0])
})

test('a missing bucket and a wrong key are retries that name the setting, and so is the probe', async () => {
  const { sink } = await opened({ bucket: 'elsewhere' })
  const failures = await sink.send(flowSinkBatch(flows, 't'), never)
  expect(failures.map(({ index, is }) => [index, is])).toEqual(flows.map((_, index) => [index, 'retry']))
  expect(failures[0]?.reason).toMatch(/^s3:\/\/elsewhere does not exist .*correct `bucket`$/)
  expect(await sink.probe?.(never)).toMatchObject({
    is: 'fail',
    message: expect.stringContaining('does not exist') as string,
  })
})

test('format netobserv rejects events with the remedy, and stores no empty object', async () => {
  const { bucket, sink } = await opened({ format: 'netobserv' })
  const failures = await sink.send(eventBatch(numberedEvents(2, 'e'), 't'), never)
  expect(failures.map(({ is }) => is)).toEqual(['reject', 'reject'])
  expect(failures[0]?.reason).toContain('only: { family: [flow] }')
  expect(await bucket.objects()).toEqual([])
})

/** Rows by DuckDB, in the order of the file. */
async function parquetRows(bytes: Uint8Array, columns: string): Promise<unknown[]> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-s3-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'object.parquet'), bytes)
  const duck = await (await DuckDBInstance.create(':memory:')).connect()
  onTestFinished(() => duck.closeSync())
  return (await duck.runAndReadAll(`SELECT ${columns} FROM '${folder}/object.parquet'`)).getRowsJson()
}

test('format parquet: an object per family and hour with the columns of the view, replaced by a retry', async () => {
  const { bucket, sink } = await opened({ format: 'parquet', prefix: 'lake/' })
  const exact = '{"n":9007199254740993,"word":"größe"}'
  const time = Date.UTC(2026, 0, 1) + 250
  const events = numberedEvents(4, 'e').map((event, at) => ({
    ...event,
    time,
    extensions: { site: 'west' },
    family: at < 3 ? ('log' as const) : ('audit' as const),
    data: Buffer.from(at === 1 ? '{broken' : exact),
  }))
  const parts = [eventBatch(events, 't'), flowSinkBatch(flows, 't'), eventBatch(events.slice(0, 1), 't')]
  const hours = [Date.UTC(2026, 10, 24, 23, 59), Date.UTC(2026, 10, 25), Date.UTC(2026, 10, 25)]
  const pieces = parts.flatMap((part, at) =>
    part.pieces.map((piece) => ({ ...piece, header: { ...piece.header, received: hours[at] ?? 0 } })),
  )
  const batch = { ...parts[0]!, count: 10, pieces }
  for (let time = 0; time < 2; time++) expect(await sink.send(batch, never)).toEqual([])

  const objects = await bucket.objects()
  expect(objects.map(({ key }) => key.replace(/[0-9a-f]{16}-/, ''))).toEqual([
    'lake/audit/2026/11/24/23/00000000.parquet',
    'lake/flow/2026/11/25/00/00000000.parquet',
    'lake/log/2026/11/24/23/00000000.parquet',
    'lake/log/2026/11/25/00/00000000.parquet',
  ])
  const [audit, flow, log] = objects
  const columns = "id, data, data_base64, extensions->>'site', epoch_ms(time), epoch_ms(time_received)"
  expect(await parquetRows(log!.bytes, columns)).toEqual(
    ['e0', 'e1', 'e2'].map((id) => [
      id,
      id === 'e1' ? null : exact,
      id === 'e1' ? Buffer.from('{broken').toString('base64') : null,
      'west',
      String(time),
      String(hours[0]),
    ]),
  )
  expect(await parquetRows(audit!.bytes, 'id, actor, family')).toEqual([['e3', 'unknown', 'audit']])
  expect(await parquetRows(flow!.bytes, 'src_addr, bytes, tcp_flags, src_name, _pos IS NULL')).toEqual(
    flows.map(({ Bytes }) => ['10.0.0.1', String(Bytes), 18, 'größe', false]),
  )
  const shown = [...(sink.preview?.(batch) ?? [])]
  expect(shown).toHaveLength(10)
  expect(shown[3]).toMatchObject({ to: expect.stringContaining('/lake/audit/2026/11/24/23/') as string })
})

test.each([
  [{ bucket: 'A_b' }, 'no name of a bucket'],
  [{ format: 'netobserv', codec: 'csv' }, 'remove `codec: csv`'],
  [{ format: 'netobserv', header: { flow_logs: 'x' } }, 'sets `flow_logs` itself'],
  [{ format: 'parquet', codec: 'csv' }, 'remove `codec`'],
  [{ header: { site: 'x' } }, 'set `format: netobserv`'],
] as const)('%j is refused', (written, message) => {
  expect(() => configFrom(s3Schema, { bucket: 'flows', ...written })).toThrow(message)
})
