import { once } from 'node:events'
import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { decodeStructured } from '../../codecs/cloudevents/index.ts'
import type { Sink } from '../../engine/ports.ts'
import { eventAt, type WeirEvent } from '../../model/events.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { eventBatch, flowBatch, numberedEvents, testContext } from '../../../test/conformance/batches.ts'
import { fakeHost } from '../../../test/kit/fake-host.ts'
import { fileSchema, stdoutSchema } from './config.ts'
import { file } from './index.ts'
import { openStdout } from './sink-stdout.ts'

const never = new AbortController().signal
const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function open(more: Partial<WrittenConfigOf<typeof fileSchema>> = {}): Promise<{ sink: Sink; folder: string; path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-file-'))
  folders.push(folder)
  const path = join(folder, 'events.ndjson')
  return { sink: await file.build(configFrom(fileSchema, { path, ...more }), testContext()), folder, path }
}

test('a line is the CloudEvent in JSON, on one line whatever line breaks its data had', async () => {
  const { sink, path } = await open()
  const event: WeirEvent = { id: '1', source: '/s', type: 't', encoding: 'json', data: Buffer.from('{\r\n "big": 12345678901234567890,\n "text": "a\\nb"\n}') }
  expect(await sink.send(eventBatch([event], 't'), never)).toEqual([])
  const text = await readFile(path, 'utf8')
  expect(text).toBe('{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{   "big": 12345678901234567890,  "text": "a\\nb" }}\n')
  expect(eventAt(decodeStructured(Buffer.from(text)), 0)).toMatchObject({ id: '1', encoding: 'json' })
  await sink.close()
})

test('a flow is a CloudEvent whose id is the stable id of its row', async () => {
  const { sink, path } = await open()
  const { batch, ids } = flowBatch(2, 't')
  await sink.send(batch, never)
  const lines = (await readFile(path, 'utf8')).trim().split('\n')
  expect(JSON.parse(lines[1] ?? '')).toEqual({
    specversion: '1.0', id: ids[1], source: '/weir/in', type: 'io.weir.flow.v1', time: '2023-11-14T22:13:20.000Z', datacontenttype: 'application/json', data: { src_port: 1, bytes: 200 },
  })
  await sink.close()
})

test('after a crash that tore the last line new lines begin on a line of their own', async () => {
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

test('a file that is large enough is put aside under the next number, and the oldest go when there are too many', async () => {
  const { sink, folder } = await open({ rotate_at: '1KB', keep: 2 })
  for (let round = 0; round < 5; round++) expect(await sink.send(eventBatch(numberedEvents(10, `r${round}-`), 't'), never)).toEqual([])
  await sink.close()
  expect((await readdir(folder)).sort()).toEqual(['events.ndjson.000004', 'events.ndjson.000005'])
  const last = (await readFile(join(folder, 'events.ndjson.000005'), 'utf8')).trim().split('\n')
  expect(last.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(numberedEvents(10, 'r4-').map(({ id }) => id))
})

test('what was called delivered is there after a power failure, names of new folders and rotated files included', async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const host = fakeHost(seed)
    const config = configFrom(fileSchema, { path: '/new/folder/events.ndjson', rotate_at: seed % 2 === 0 ? '1KB' : 0 })
    const sink = await file.build(config, testContext(host))
    const sent = [0, 1, 2].map((round) => numberedEvents(2 + 3 * round, `p${round}-`))
    for (const events of sent) expect(await sink.send(eventBatch(events, 't'), never)).toEqual([])
    const { disk } = host.crash()
    const names = await disk.list('/new/folder')
    const texts = await Promise.all(names.map(async (name) => Buffer.from(await disk.readFile(`/new/folder/${name}`)).toString()))
    const ids = texts.join('').trim().split('\n').map((line) => (JSON.parse(line) as { id: string }).id)
    expect(ids.sort()).toEqual(sent.flat().map(({ id }) => id).sort())
  }
})

test('when the reader of standard output is gone every event waits, and says why', async () => {
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
  expect(failures.map(({ index, is }) => [index, is])).toEqual([[0, 'retry'], [1, 'retry'], [2, 'retry']])
  expect(failures[0]?.reason).toContain('standard output: ')
  await sink.close()
  server.close()
})
