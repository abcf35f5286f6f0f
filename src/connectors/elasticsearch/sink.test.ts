import type { ServerResponse } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { eventBatch, numberedEvents, testContext } from '../../../test/conformance/batches.ts'
import { serveHttp } from '../../../test/kit/http-server.ts'
import type { Sink } from '../../engine/contracts.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { elasticsearchSchema } from './config.ts'
import { sink as elasticsearch } from './sink.ts'

const never = new AbortController().signal

async function open(written: WrittenConfigOf<typeof elasticsearchSchema>): Promise<Sink> {
  const sink = await elasticsearch.build(configFrom(elasticsearchSchema, written), testContext())
  onTestFinished(() => sink.close())
  return sink
}

function respond(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

const item = (status: number, type = '', reason = ''): object => ({
  create: { status, ...(type === '' ? {} : { error: { type, reason } }) },
})

const unkeyed = (count: number) => numberedEvents(count, 'n').map(({ key: _, ...event }) => event)
const documentsIn = (body: string): number => body.split('{"create"').length - 1

test('of a response with items, 409 is stored, 429 is retried alone, 400 is a dead letter', async () => {
  const items = [
    item(201),
    item(409, 'version_conflict_engine_exception', 'document already exists'),
    item(429, 'es_rejected_execution_exception', 'queue is full'),
    item(400, 'mapper_parsing_exception', 'failed to parse field [number]'),
    item(403, 'cluster_block_exception', 'index [x] blocked by: [FORBIDDEN/12/index read-only]'),
    item(400, 'validation_exception', 'this action would add [2] shards, but has [1000]/[1000] maximum shards open;'),
  ]
  const { url } = await serveHttp((response) => respond(response, 200, { errors: true, items }))
  const sink = await open({ url, compression: 'none' })
  expect(await sink.send(eventBatch(unkeyed(6), 't'), never)).toEqual([
    { index: 2, is: 'retry', reason: '429 es_rejected_execution_exception: queue is full' },
    { index: 3, is: 'reject', reason: '400 mapper_parsing_exception: failed to parse field [number]' },
    { index: 4, is: 'retry', reason: expect.stringMatching(/^403 cluster_block_exception/) as string },
    { index: 5, is: 'retry', reason: expect.stringMatching(/maximum shards open/) as string },
  ])
})

test('a request that is too large is sent in halves, and a single document becomes a dead letter', async () => {
  const stored: number[] = []
  const { url } = await serveHttp((response, { body }) => {
    const count = documentsIn(body)
    if (count > 2 || body.includes('"number":5}')) return respond(response, 413, { error: 'too large' })
    stored.push(count)
    respond(response, 200, { items: Array.from({ length: count }, () => item(201)) })
  })
  const sink = await open({ url, compression: 'none' })
  expect(await sink.send(eventBatch(unkeyed(8), 't'), never)).toEqual([
    { index: 5, is: 'reject', reason: expect.stringMatching(/HTTP 413/) as string },
  ])
  expect(stored.reduce((sum, count) => sum + count, 0)).toBe(7)
})

test('Retry-After of the server is the wait of every row', async () => {
  const { url, seen } = await serveHttp((response) => respond(response, 503, {}, { 'retry-after': '7' }))
  const sink = await open({ url, request_bytes: '1KiB' })
  const failures = await sink.send(eventBatch(unkeyed(20), 't'), never)
  expect(failures.map(({ is }) => is)).toEqual(Array.from({ length: 20 }, () => 'retry'))
  expect(failures.every((one) => one.is === 'retry' && one.afterMs === 7000)).toBe(true)
  expect(seen).toHaveLength(1)
})

test('a response without an item for each document stores nothing as far as Weir counts', async () => {
  const { url } = await serveHttp((response) => respond(response, 200, { items: [item(201)] }))
  const sink = await open({ url })
  const failures = await sink.send(eventBatch(unkeyed(3), 't'), never)
  expect(failures.map(({ is, reason }) => [is, reason.includes('1 items for 3 documents')])).toEqual(
    Array.from({ length: 3 }, () => ['retry', true]),
  )
})

test('requests are compressed and have the API key', async () => {
  let plain = ''
  const { url, seen } = await serveHttp((response, { headers }) => {
    plain = String(headers['content-encoding'])
    respond(response, 200, { items: [item(201)] })
  })
  const sink = await open({ url, api_key: 'secret-key' })
  expect(await sink.send(eventBatch(unkeyed(1), 't'), never)).toEqual([])
  expect(plain).toBe('gzip')
  expect(seen[0]?.headers.authorization).toBe('ApiKey secret-key')
  expect(seen[0]?.path).toMatch(/^\/_bulk\?filter_path=/)
})

test.each([
  [{ index: 'Upper' }, 'index'],
  [{ index: 'a-%j' }, 'index'],
  [{ index: 'a-%Y', data_stream: true }, 'index'],
  [{ api_key: 'x', auth: { type: 'basic', user: 'u', password: 'p' } }, 'api_key'],
  [{ headers: { authorization: 'x' } }, 'headers'],
] as const)('settings %j are refused', (written, path) => {
  expect(() => configFrom(elasticsearchSchema, { url: 'http://localhost:9200', ...written })).toThrow(path)
})
