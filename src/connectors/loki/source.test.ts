import { expect, onTestFinished, test } from 'vitest'
import { gzipSync } from 'node:zlib'
import { QueryScene } from '../../../test/kit/query-scene.ts'
import { ProtoWriter } from '../../codecs/proto-writer/index.ts'
import { snappyCompress } from '../../codecs/snappy/index.ts'
import { realHost } from '../../host/index.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { lokiPushSchema } from './config.ts'
import { labelsOf } from './map-received.ts'
import { openLokiPush } from './source.ts'

async function start(written: Partial<WrittenConfigOf<typeof lokiPushSchema>> = {}) {
  const scene = new QueryScene('logs', 1000)
  const config = configFrom(lokiPushSchema, { listen: '127.0.0.1:0', ...written })
  const source = await openLokiPush(config, { ...scene.context(), host: realHost() })
  const abort = new AbortController()
  const done = source.run(abort.signal)
  onTestFinished(async () => {
    abort.abort()
    await done
  })
  const post = async (body: string | Uint8Array, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${source.addresses[0] ?? ''}/loki/api/v1/push`, {
      method: 'POST',
      body: typeof body === 'string' ? body : new Uint8Array(body),
      headers: { 'content-type': 'application/json', ...headers },
    })
    return [answer.status, await answer.text()]
  }
  const logs = () =>
    scene.events.map(({ data, time, extensions }) => [
      time,
      extensions?.['tenant'],
      JSON.parse(Buffer.from(data ?? []).toString()),
    ])
  return { scene, source, post, logs }
}

const push = (...values: readonly unknown[]) =>
  JSON.stringify({ streams: [{ stream: { app: 'web', level: 'warning' }, values }] })

test('lines of JSON, compressed or not, become log lines with labels, metadata, severity and tenant', async () => {
  const { post, logs } = await start()
  expect(
    await post(push(['1764072000123456789', 'a', { trace_id: 't', id: '7' }]), { 'x-scope-orgid': 'shop' }),
  ).toEqual([204, ''])
  expect(await post(gzipSync(push(['1', 'b'])), { 'content-encoding': 'gzip' })).toEqual([204, ''])
  const labels = { app: 'web', level: 'warning' }
  expect(logs()).toEqual([
    [
      1_764_072_000_123,
      'shop',
      { line: 'a', labels, metadata: { trace_id: 't', id: '7' }, severity: 'warn', trace: 't', nanos: 456_789 },
    ],
    [0, undefined, { line: 'b', labels, severity: 'warn', nanos: 1 }],
  ])
})

test('lines of protobuf are the same as those of JSON', async () => {
  const { post, logs, scene } = await start()
  const writer = new ProtoWriter()
  const stream = writer.begin(1)
  writer.text(1, '{app="web", level="warning"}')
  const entry = writer.begin(2)
  const time = writer.begin(1)
  writer.int(1, 1_764_072_000)
  writer.int(2, 123_456_789)
  writer.end(time)
  writer.text(2, 'a')
  const pair = writer.begin(3)
  writer.text(1, 'id')
  writer.text(2, '7')
  writer.end(pair)
  writer.end(entry)
  writer.end(stream)
  expect((await post(snappyCompress(writer.finish()), { 'content-type': 'application/x-protobuf' }))[0]).toBe(204)
  expect((await post(push(['1764072000123456789', 'a', { id: '7' }])))[0]).toBe(204)
  expect(logs()[0]).toEqual(logs()[1])
  expect(scene.ids[0]).toBe(scene.ids[1])
})

test('a field of protobuf with another wire type is skipped once, and its neighbors are read', async () => {
  const { post, logs } = await start()
  const writer = new ProtoWriter()
  const stream = writer.begin(1)
  writer.text(1, '{app="web"}')
  const entry = writer.begin(2)
  writer.uint(3, 5)
  writer.text(2, 'the line')
  writer.end(entry)
  writer.end(stream)
  const headers = { 'content-type': 'application/x-protobuf' }
  expect(await post(snappyCompress(writer.finish()), headers)).toEqual([204, ''])
  expect(logs()).toMatchObject([[0, undefined, { line: 'the line' }]])
})

test('malformed requests and other tenants are refused with the reason', async () => {
  const { post, logs } = await start({ tenants: ['shop'] })
  const shop = { 'x-scope-orgid': 'shop' }
  expect((await post(push(['1', 'a'])))[0]).toBe(401)
  expect((await post(push(['1', 'a']), { 'x-scope-orgid': 'other' }))[0]).toBe(401)
  expect(await post(push([1, 'a']), shop)).toEqual([
    400,
    'The request is malformed: a timestamp is no text of nanoseconds.\n',
  ])
  expect((await post('{', shop))[0]).toBe(400)
  expect((await post('x', { ...shop, 'content-type': 'text/plain' }))[0]).toBe(415)
  expect((await post('x', { ...shop, 'content-type': 'application/x-protobuf' }))[0]).toBe(400)
  expect(logs()).toEqual([])
})

test('a stream without labels, or with a name that no query can select, is refused', async () => {
  const { post, logs } = await start()
  const stream = (labels: object): string => JSON.stringify({ streams: [{ stream: labels, values: [['1', 'a']] }] })
  const reason = 'The request is malformed: a stream:'
  expect(await post(stream({}))).toEqual([400, `${reason} at least one label pair is required per stream.\n`])
  expect(await post(stream({ 'foo.bar': '1' }))).toEqual([400, `${reason} the label name "foo.bar" is invalid.\n`])
  expect(logs()).toEqual([])
})

test('probes of readiness and OTLP logs use the port of the push API, as with Loki', async () => {
  const { source, logs } = await start({ tenants: ['shop'], token: 'correct-horse-battery' })
  const [url = ''] = source.addresses
  const ready = await fetch(`${url}/ready`)
  expect([ready.status, await ready.text()]).toEqual([200, 'ready\n'])
  const body = JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'web' } }] },
        scopeLogs: [
          { logRecords: [{ timeUnixNano: '1700000000000000007', severityNumber: 17, body: { stringValue: 'x' } }] },
        ],
      },
    ],
  })
  const push = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${url}/otlp/v1/logs`, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
  const authorization = 'Bearer correct-horse-battery'
  expect((await push({ authorization })).status).toBe(401)
  expect((await push({ 'x-scope-orgid': 'shop' })).status).toBe(401)
  expect((await push({ authorization, 'x-scope-orgid': 'shop' })).status).toBe(200)
  expect(logs()).toMatchObject([[1_700_000_000_000, undefined, { line: 'x', severity: 'error', nanos: 7 }]])
})

test('labels are read with texts as in Go', () => {
  expect(labelsOf(String.raw`{a="x, \"y\"\n", b_1=${'`'}\d${'`'}, c="\u00e9\x41",}`)).toEqual({
    a: 'x, "y"\n',
    b_1: String.raw`\d`,
    c: 'éA',
  })
  expect(labelsOf('{}')).toEqual({})
  for (const text of ['a="b"', '{a=b}', '{a="b}', '{a="b" c="d"}']) expect(() => labelsOf(text)).toThrow('malformed')
})

test('lines and streams at fault cost no others, and are counted by reason', async () => {
  const { post, logs, scene, source } = await start()
  const many = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`label${index}`, 'x']))
  const body = JSON.stringify({
    streams: [
      { stream: many, values: [['1', 'a']] },
      {
        stream: { a: 'é'.repeat(1025) },
        values: [
          ['1', 'b'],
          ['2', 'c'],
        ],
      },
      { values: [['1', 'first']], stream: { app: 'web' } },
      {
        stream: { app: 'web' },
        values: [
          [1, 'd'],
          ['2', 'x'.repeat(5000), { long: 'y'.repeat(5000) }],
        ],
      },
    ],
  })
  expect(await post(body)).toEqual([
    400,
    '4 lines are not stored, the others are. The first: a stream: it has 101 labels, more than 100 (`max_labels`).\n',
  ])
  expect(logs().map(([time]) => time)).toEqual([0, 0])
  expect(scene.shed).toEqual({ too_many_labels: 1, label_value_too_long: 2, invalid_line: 1 })
  expect(source.status()).toMatchObject({ rows: 2, refused: { unreadable: 1 } })
})

test('labels and lines of protobuf that are no UTF-8 are refused', async () => {
  const { post, logs, scene } = await start()
  const writer = new ProtoWriter()
  const stream = writer.begin(1)
  writer.text(1, '{app="web"}')
  for (const text of [Uint8Array.of(255), new TextEncoder().encode('good')]) {
    const entry = writer.begin(2)
    writer.bytes(2, text)
    writer.end(entry)
  }
  writer.end(stream)
  const headers = { 'content-type': 'application/x-protobuf' }
  expect((await post(snappyCompress(writer.finish()), headers))[0]).toBe(400)
  expect(logs().map(([, , log]) => log as unknown)).toEqual([{ line: 'good', labels: { app: 'web' } }])
  expect(scene.shed).toEqual({ invalid_utf8: 1 })
})

test('lines of a large request are appended in several units, with the ids of a single one', async () => {
  const { post, scene } = await start()
  const values = Array.from({ length: 20_000 }, (_, line) => [String(line % 9000), 'x'])
  expect((await post(gzipSync(push(...values)), { 'content-encoding': 'gzip' }))[0]).toBe(204)
  expect(scene.units.map(({ count }) => count)).toEqual([8192, 8192, 3616])
  expect(new Set(scene.ids).size).toBe(20_000)
  expect(scene.ids[9000]).toBe(`${scene.ids[0]}-1`)
})
