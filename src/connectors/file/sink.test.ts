import { once } from 'node:events'
import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, expect, test } from 'vitest'
import { decodeStructured } from '../../codecs/cloudevents/index.ts'
import type { Sink } from '../../engine/contracts.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { eventAt, type WeirEvent } from '../../model/events.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { eventBatch, flowBatch, numberedEvents, testContext } from '../../../test/conformance/batches.ts'
import { fakeHost } from '../../../test/kit/fake-host.ts'
import { csvHeader } from '../../codecs/flow-csv/index.ts'
import { fileSchema, stdoutSchema } from './config.ts'
import { sink as file } from './sink.ts'
import { openStdout } from './sink-stdout.ts'

const never = new AbortController().signal
const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function open(
  more: Partial<WrittenConfigOf<typeof fileSchema>> = {},
): Promise<{ sink: Sink; folder: string; path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-file-'))
  folders.push(folder)
  const path = join(folder, 'events.ndjson')
  return { sink: await file.build(configFrom(fileSchema, { path, ...more }), testContext()), folder, path }
}

test('an event is one line of CloudEvent JSON, whatever line breaks its data had', async () => {
  const { sink, path } = await open()
  const event: WeirEvent = {
    id: '1',
    source: '/s',
    type: 't',
    encoding: 'json',
    data: Buffer.from('{\r\n "big": 12345678901234567890,\n "text": "a\\nb"\n}'),
  }
  expect(await sink.send(eventBatch([event], 't'), never)).toEqual([])
  const text = await readFile(path, 'utf8')
  expect(text).toBe(
    '{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{   "big": 12345678901234567890,  "text": ' +
      '"a\\nb" }}\n',
  )
  expect(eventAt(decodeStructured(Buffer.from(text)), 0)).toMatchObject({ id: '1', encoding: 'json' })
  await sink.close()
})

test('a flow is a CloudEvent with the stable id of its row', async () => {
  const { sink, path } = await open()
  const { batch, ids } = flowBatch(2, 't')
  await sink.send(batch, never)
  const lines = (await readFile(path, 'utf8')).trim().split('\n')
  expect(JSON.parse(lines[1] ?? '')).toEqual({
    specversion: '1.0',
    id: ids[1],
    source: '/weir/in',
    type: 'io.weir.flow.v1',
    time: '2023-11-14T22:13:20.000Z',
    datacontenttype: 'application/json',
    data: { src_port: 1, bytes: 200 },
  })
  await sink.close()
})

test('with codec netobserv-json a flow is the bare record, and an event stays a CloudEvent', async () => {
  const { sink, path } = await open({ codec: 'netobserv-json', tcp_flags: 'names' })
  const { batch } = flowBatch(2, 't')
  const [piece] = batch.pieces
  const flows = piece!.batch as FlowBatch
  const flagged: FlowBatch = {
    ...flows,
    columns: { ...flows.columns, tcp_flags: { kind: 'u16', values: Uint16Array.of(2, 18) } },
  }
  expect(await sink.send({ ...batch, pieces: [{ ...piece!, batch: flagged }] }, never)).toEqual([])
  expect(await sink.send(eventBatch(numberedEvents(1, 'n'), 't'), never)).toEqual([])
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
  expect(lines.slice(0, 2)).toEqual([
    '{"SrcPort":0,"Flags":["SYN"]}',
    '{"SrcPort":1,"Flags":["SYN","ACK"],"Bytes":200}',
  ])
  expect(JSON.parse(lines[2] ?? '')).toMatchObject({ specversion: '1.0', id: 'n0' })
  await sink.close()
})

test('with codec csv a file begins with the header, rows have ids, and events are dead-lettered', async () => {
  const { sink, folder, path } = await open({ codec: 'csv', rotate_at: '1KB' })
  const flows = flowBatch(3, 't')
  expect(await sink.send(flows.batch, never)).toEqual([])
  const failures = await sink.send(eventBatch(numberedEvents(2, 'e'), 't'), never)
  expect(failures.map(({ index, is }) => [index, is])).toEqual([
    [0, 'reject'],
    [1, 'reject'],
  ])
  expect(failures[0]?.reason).toContain('only: { family: [flow] }')
  expect(await sink.send(flowBatch(1, 't').batch, never)).toEqual([])
  await sink.close()
  for (const [name, rows] of [
    ['events.ndjson.000001', 3],
    ['events.ndjson.000002', 1],
  ] as const) {
    const text = await readFile(join(folder, name), 'utf8')
    expect(text.startsWith(csvHeader)).toBe(true)
    expect(text.slice(csvHeader.length).trimEnd().split('\r\n')).toHaveLength(rows)
  }
  expect(await readdir(folder)).not.toContain(path)
  const first = (await readFile(join(folder, 'events.ndjson.000001'), 'utf8')).split('\r\n')
  expect(first[1]?.split(',')[0]).toBe(flows.ids[0])
})

test('an incomplete CSV header is completed; a file with other columns is rotated, not overwritten', async () => {
  for (const [before, aside] of [
    [csvHeader.slice(0, 100), []],
    [csvHeader, []],
    ['{"old":1}\n', ['events.ndjson.000001']],
    [`_pos,other\r\n${'x'.repeat(5000)}\r\n`, ['events.ndjson.000001']],
  ] as const) {
    const { sink, folder, path } = await open({ codec: 'csv' })
    await appendFile(path, before)
    expect(await sink.send(flowBatch(1, 't').batch, never)).toEqual([])
    await sink.close()
    const text = await readFile(path, 'utf8')
    expect([text.startsWith(csvHeader), text.split('\r\n').length]).toEqual([true, 3])
    expect((await readdir(folder)).filter((name) => name !== 'events.ndjson')).toEqual([...aside])
    if (aside.length > 0) expect(await readFile(join(folder, 'events.ndjson.000001'), 'utf8')).toBe(before)
  }
})

test.each([
  ['netobserv-json', ['{"SrcPort":0}', '{"SrcPort":1,"Bytes":200}']],
  ['csv', undefined],
] as const)('standard output writes %s, and the CSV header once', async (codec, wanted) => {
  const to = new PassThrough()
  const sink = await openStdout(configFrom(stdoutSchema, { codec }), testContext(), to)
  for (const round of [1, 2]) expect(await sink.send(flowBatch(2, `t${round}`).batch, never)).toEqual([])
  await sink.close()
  const text = String(to.read())
  if (wanted !== undefined) return expect(text.trimEnd().split('\n')).toEqual([...wanted, ...wanted])
  expect(text.startsWith(csvHeader)).toBe(true)
  expect(text.slice(csvHeader.length).trimEnd().split('\r\n')).toHaveLength(4)
})

test('after a crash that truncated the last line new lines start on a new line', async () => {
  const { sink, path } = await open()
  await sink.send(eventBatch(numberedEvents(1, 'a'), 't'), never)
  await sink.close()
  await appendFile(path, '{"specversion":"1.0","id":"to')
  const again = await file.build(configFrom(fileSchema, { path }), testContext())
  await again.send(eventBatch(numberedEvents(1, 'b'), 't'), never)
  await again.close()
  const lines = (await readFile(path, 'utf8')).split('\n')
  expect(lines).toHaveLength(4)
  expect(lines[1]).toBe('{"specversion":"1.0","id":"to')
  expect(JSON.parse(lines[2] ?? '')).toMatchObject({ id: 'b0' })
})

test('a file at the size limit is rotated to the next number, and the oldest are deleted', async () => {
  const { sink, folder } = await open({ rotate_at: '1KB', keep: 2 })
  for (let round = 0; round < 5; round++)
    expect(await sink.send(eventBatch(numberedEvents(10, `r${round}-`), 't'), never)).toEqual([])
  await sink.close()
  expect((await readdir(folder)).sort()).toEqual(['events.ndjson.000004', 'events.ndjson.000005'])
  const last = (await readFile(join(folder, 'events.ndjson.000005'), 'utf8')).trim().split('\n')
  expect(last.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(
    numberedEvents(10, 'r4-').map(({ id }) => id),
  )
})

test('delivered rows survive a power failure, and so do names of new folders and rotated files', async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const host = fakeHost(seed)
    const config = configFrom(fileSchema, { path: '/new/folder/events.ndjson', rotate_at: seed % 2 === 0 ? '1KB' : 0 })
    const sink = await file.build(config, testContext(host))
    const sent = [0, 1, 2].map((round) => numberedEvents(2 + 3 * round, `p${round}-`))
    for (const events of sent) expect(await sink.send(eventBatch(events, 't'), never)).toEqual([])
    const { disk } = host.crash()
    const names = await disk.list('/new/folder')
    const texts = await Promise.all(
      names.map(async (name) => Buffer.from(await disk.readFile(`/new/folder/${name}`)).toString()),
    )
    const ids = texts
      .join('')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: string }).id)
    expect(ids.sort()).toEqual(
      sent
        .flat()
        .map(({ id }) => id)
        .sort(),
    )
  }
})

test('without a reader of standard output every event stays pending with the reason', async () => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const connected = once(server, 'connection')
  const writer = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [reader] = (await connected) as [Socket]
  const sink = await openStdout(configFrom(stdoutSchema, {}), testContext(), writer)
  const closed = once(writer, 'close')
  reader.destroy()
  await closed
  const failures = await sink.send(eventBatch(numberedEvents(3, 'g'), 't'), never)
  expect(failures.map(({ index, is }) => [index, is])).toEqual([
    [0, 'retry'],
    [1, 'retry'],
    [2, 'retry'],
  ])
  expect(failures[0]?.reason).toContain('standard output: ')
  await sink.close()
  server.close()
})
