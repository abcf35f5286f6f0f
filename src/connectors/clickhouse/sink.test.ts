import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { afterEach, expect, test, vi } from 'vitest'
import { encodeBlock, readRows } from '../../codecs/clickhouse-native/index.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { eventBatch, flowBatch, numberedEvents, testContext } from '../../../test/conformance/batches.ts'
import type { Sink } from '../../engine/contracts.ts'
import { clickhouseSchema } from './config.ts'
import { schemaOf } from './map-schema.ts'
import { sink as clickhouse } from './sink.ts'

const never = new AbortController().signal
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Received {
  readonly query: string
  readonly parameters: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}
/** Undefined: as a server with all tables. */
type Script = (
  requests: Received,
  inserts: number,
) => { readonly status?: number; readonly code?: number; readonly body: string } | undefined

function texts(rows: readonly Readonly<Record<string, string>>[]): Buffer {
  const names = Object.keys(rows[0] ?? { name: '' })
  const columns = names.map((name) => ({
    name,
    type: 'String',
    data: rows.map((row) => Buffer.from([(row[name] ?? '').length, ...Buffer.from(row[name] ?? '')])),
  }))
  return Buffer.from(encodeBlock(columns, rows.length))
}

const settings = ['insert_deduplicate', 'insert_deduplication_token', 'async_insert', 'wait_for_async_insert']

function usual(query: string, written: Partial<Written>): Buffer {
  const { tables, others } = schemaOf(configFrom(clickhouseSchema, { url: 'http://h', ...written }))
  if (query.includes('version()')) return texts([{ version: '26.1' }])
  if (query.includes('system.settings')) return texts(settings.map((name) => ({ name })))
  if (query.includes('system.tables'))
    return texts([...tables, ...others].map(({ name }) => ({ name, engine: 'MergeTree' })))
  if (query.includes('system.columns'))
    return texts(
      tables.flatMap(({ name: table, columns }) =>
        columns.map(({ name, type }) => ({ table, name, type: type.slice(0, 90) })),
      ),
    )
  return Buffer.alloc(0)
}

type Written = WrittenConfigOf<typeof clickhouseSchema>

async function scripted(
  script: Script,
  written: Partial<Written> = {},
): Promise<{
  readonly sink: Sink
  readonly requests: Received[]
  readonly lines: readonly string[]
  inserts(): Received[]
}> {
  const requests: Received[] = []
  const inserts = (): Received[] => requests.filter(({ query }) => query.startsWith('INSERT'))
  const respond = (one: Received, response: ServerResponse): void => {
    requests.push(one)
    const answer = script(one, inserts().length)
    if (answer === undefined) response.writeHead(200).end(usual(one.query, written))
    else
      response
        .writeHead(
          answer.status ?? 500,
          answer.code === undefined ? {} : { 'x-clickhouse-exception-code': answer.code },
        )
        .end(answer.body)
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const { searchParams: parameters } = new URL(request.url ?? '', 'http://h')
        const query = parameters.get('query') ?? ''
        respond({ query, parameters, headers: request.headers, body: Buffer.concat(chunks) }, response)
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const context = testContext()
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const sink = await clickhouse.build(configFrom(clickhouseSchema, { url, ...written }), context)
  closing.push(() => sink.close())
  return { sink, requests, lines: context.lines, inserts }
}

/** Verification of a first insert, with all rows there. */
const counted =
  (rows: number): Script =>
  ({ query }) =>
    query.includes('uniqExact') ? { status: 200, body: countsOf(rows) } : undefined

function countsOf(rows: number): string {
  const word = Buffer.from(BigUint64Array.of(BigInt(rows)).buffer)
  return Buffer.from(
    encodeBlock(
      ['stored', 'different'].map((name) => ({ name, type: 'UInt64', data: [word] })),
      1,
    ),
  ).toString('latin1')
}

const failing =
  (code: number, body = 'DB::Exception: no'): Script =>
  ({ query }) =>
    query.startsWith('INSERT') ? { code, body: `Code: ${code}. ${body}` } : undefined

test.each([
  [252, 'too many parts; raise `delivery.wait`'],
  [241, 'too little memory'],
  [242, 'read-only at the moment'],
  [164, 'use a user or profile without `readonly`'],
  [243, 'disk of the server is full'],
  [497, 'the user lacks a right; grant it'],
  [516, 'correct `auth`'],
  [193, 'correct `auth`'],
  [60, 'a table is missing'],
  [53, 'another type'],
  [999, 'Keeper is unavailable'],
  [12345, 'code 12345: no'],
])('code %i concerns no single row: all are retried, with the action to take', async (code, words) => {
  const { sink } = await scripted(failing(code))
  await expect(sink.send(flowBatch(3, 't').batch, never)).rejects.toThrow(words)
})

test('a rejected row is found by halving; rows of its key wait, all others are delivered once', async () => {
  const { sink, inserts } = await scripted(({ query, body }) =>
    query.startsWith('INSERT') && zstdDecompressSync(body).includes('{"number":4}')
      ? { code: 469, body: 'Code: 469. DB::Exception: Constraint `c` is violated' }
      : query.includes('uniqExact')
        ? { status: 200, body: countsOf(0) }
        : undefined,
  )
  const failures = await sink.send(eventBatch(numberedEvents(12, 'e'), 't'), never)
  expect(failures[0]).toEqual({
    index: 4,
    is: 'reject',
    reason: 'ClickHouse rejected the row: Constraint `c` is violated',
  })
  expect(failures.slice(1).map(({ index, is }) => [index, is])).toEqual([[8, 'retry']])
  const stored = inserts()
    .map(({ body }) => readRows(zstdDecompressSync(body)).map(({ id }) => String(id)))
    .filter((ids) => !ids.includes('e4'))
  expect(new Set(stored.flat())).toEqual(new Set(['e0', 'e1', 'e2', 'e3', 'e5', 'e6', 'e7', 'e9', 'e10', 'e11']))
})

test('each attempt of the same rows has the same token and body; other rows have another token', async () => {
  let isAway = true
  const { sink, inserts } = await scripted((requests) =>
    isAway && requests.query.startsWith('INSERT') ? { status: 503, body: 'proxy' } : counted(5)(requests, 0),
  )
  const { batch } = flowBatch(5, 't')
  await expect(sink.send(batch, never)).rejects.toThrow('HTTP 503: proxy')
  isAway = false
  expect(await sink.send(batch, never)).toEqual([])
  const part = batch.pieces[0]
  if (part === undefined) throw new Error('no piece')
  expect(await sink.send({ ...batch, count: 2, pieces: [{ ...part, rows: Uint32Array.of(0, 4) }] }, never)).toEqual([])
  const received = { ...part.header, received: part.header.received + 1 }
  expect(await sink.send({ ...batch, pieces: [{ ...part, header: received }] }, never)).toEqual([])
  const tokens = inserts().map(({ parameters }) => parameters.get('insert_deduplication_token'))
  expect(tokens[0]).toMatch(/^weir-[0-9a-f]{40}$/)
  expect([tokens[1], new Set(tokens).size]).toEqual([tokens[0], 3])
  expect(inserts()[0]?.body.equals(inserts()[1]?.body ?? Buffer.alloc(0))).toBe(true)
})

test('settings that the server lacks are not sent; without tokens a warning states the consequence', async () => {
  const { sink, inserts, lines } = await scripted((requests) =>
    requests.query.includes('system.settings')
      ? { status: 200, body: texts([{ name: 'async_insert' }]).toString('latin1') }
      : undefined,
  )
  expect(await sink.send(flowBatch(2, 't').batch, never)).toEqual([])
  expect([...(inserts()[0]?.parameters.keys() ?? [])]).toEqual(['query', 'async_insert'])
  expect(lines.join('\n')).toContain('cannot recognize a repeated insert')
})

test('without the right to read, rows are delivered and not verified', async () => {
  const { sink, lines } = await scripted(({ query }) =>
    query.includes('uniqExact') ? { status: 403, code: 497, body: 'Code: 497. DB::Exception: no SELECT' } : undefined,
  )
  expect(await sink.send(flowBatch(2, 't').batch, never)).toEqual([])
  expect(lines.join('\n')).toContain('grant SELECT')
})

test('few rows are collected by the server if configured', async () => {
  const { sink, inserts } = await scripted(counted(3), { async_below: 4, compression: 'gzip' })
  expect(await sink.send(flowBatch(3, 't').batch, never)).toEqual([])
  expect(await sink.send(flowBatch(4, 'u').batch, never)).toEqual([])
  expect(
    inserts().map(({ parameters }) => [parameters.get('async_insert'), parameters.get('wait_for_async_insert')]),
  ).toEqual([
    ['1', '1'],
    ['0', null],
  ])
  expect(readRows(gunzipSync(inserts()[1]?.body ?? '')).map(({ src_port: port }) => port)).toEqual([0, 1, 2, 3])
})

test('logins are headers, never parts of the URL or of an error', async () => {
  const login = { type: 'basic', user: 'weir', password: 'env:CLICKHOUSE_TEST_PASSWORD' } as const
  vi.stubEnv('CLICKHOUSE_TEST_PASSWORD', 'hidden')
  const { sink, requests } = await scripted(
    () => ({ status: 403, code: 516, body: 'Code: 516. DB::Exception: weir: Authentication failed' }),
    { auth: login, headers: { 'x-site': 'edge' } },
  )
  await expect(sink.send(flowBatch(1, 't').batch, never)).rejects.toThrow(
    /^http:\/\/127.0.0.1:\d+ \(database default\): the server rejected the login; correct `auth` \(code 516: weir: /,
  )
  expect((await sink.probe?.(never))?.is).toBe('fail')
  expect(
    requests.every(({ headers }) => headers.authorization === `Basic ${Buffer.from('weir:hidden').toString('base64')}`),
  ).toBe(true)
  expect(requests[0]?.headers['x-site']).toBe('edge')
  expect(requests.some(({ parameters }) => [...parameters].join(' ').includes('hidden'))).toBe(false)
})

test.each([
  ['Code: 243. DB::Exception: Cannot reserve 1 MiB', 'disk of the server is full (code 243'],
  ['<html>Sign in</html>', "check that `url` is ClickHouse's HTTP interface"],
])('an insert with status 200 and the body %j is not delivered', async (body, words) => {
  const { sink } = await scripted(({ query }) => (query.startsWith('INSERT') ? { status: 200, body } : undefined))
  await expect(sink.send(flowBatch(1, 't').batch, never)).rejects.toThrow(words)
})

test.each([
  [{ status: 400, body: 'Port 9000 is for clickhouse-client program' }, 'set `url` to the HTTP port, usually 8123'],
  [{ status: 404, body: 'nginx' }, "check that `url` is ClickHouse's HTTP interface"],
  [{ status: 200, body: '<html>Sign in</html>' }, "check that `url` is ClickHouse's HTTP interface"],
  [{ status: 200, body: 'Code: 243. DB::Exception: Cannot reserve 1 MiB' }, 'disk of the server is full (code 243'],
  [{ status: 302, body: '' }, 'redirects are not followed'],
  [{ status: 500, body: 'Code: 241, e.displayText() = DB::Exception: Memory limit' }, 'code 241: Memory limit'],
])('the response %j is explained', async (answer, words) => {
  const { sink } = await scripted(() => answer)
  await expect(sink.send(flowBatch(1, 't').batch, never)).rejects.toThrow(words)
})

test('without `create` missing tables and columns are named, and nothing is created', async () => {
  const { sink, requests } = await scripted(
    ({ query }) =>
      query.includes('system.columns')
        ? { status: 200, body: texts([{ table: 'weir_events', name: 'id', type: 'String' }]).toString('latin1') }
        : query.includes('system.tables')
          ? { status: 200, body: texts([{ name: 'weir_events', engine: 'MergeTree' }]).toString('latin1') }
          : undefined,
    { create: false },
  )
  await expect(sink.send(flowBatch(1, 't').batch, never)).rejects.toThrow(
    /lacks table weir_flows_1m.*column weir_events\._writer.*`create: true`/,
  )
  expect(await sink.probe?.(never)).toMatchObject({ is: 'fail', message: expect.stringContaining('lacks') as string })
  expect(requests.filter(({ query }) => /^(?:CREATE|ALTER|INSERT)/.test(query))).toEqual([])
})
