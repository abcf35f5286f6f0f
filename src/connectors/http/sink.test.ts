import {
  createServer as createHttp,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { decodeEnvelope } from '../../codecs/kollect/index.ts'
import type { Sink } from '../../engine/contracts.ts'
import { alertTypes } from '../../model/alerts.ts'
import { stringifyExact } from '../../model/exact-json.ts'
import type { Failure } from '../../model/outcome.ts'
import { MetricStore } from '../../telemetry/metrics.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { eventBatch, flowBatch, numberedEvents, testContext } from '../../../test/conformance/batches.ts'
import { anyChanges, changeEvent } from '../../../test/kit/changes.ts'
import { readProtobuf, readProtobufBatch } from '../../../test/kit/cloudevents-proto.ts'
import { httpSchema } from './config.ts'
import { certificate, key } from './fixtures/certificate.ts'
import { sink as http } from './sink.ts'

const never = new AbortController().signal
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Seen {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly bytes: Uint8Array
}
type Answer = (response: ServerResponse, seen: Seen, count: number) => void

async function serve(answer: Answer, secure = false): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = []
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Uint8Array[] = []
    request
      .on('data', (chunk: Uint8Array) => chunks.push(chunk))
      .on('end', () => {
        const bytes = Buffer.concat(chunks)
        const one = { headers: request.headers, body: bytes.toString(), bytes }
        seen.push(one)
        answer(response, one, seen.length)
      })
  }
  const server = secure ? createHttps({ cert: certificate, key }, listener) : createHttp(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return { url: `${secure ? 'https' : 'http'}://localhost:${(server.address() as AddressInfo).port}/in`, seen }
}

async function sinkFor(written: WrittenConfigOf<typeof httpSchema>): Promise<Sink> {
  const sink = await http.build(configFrom(httpSchema, written), testContext())
  closing.push(() => sink.close())
  return sink
}

/** Outcomes of one unkeyed event each, with the response of `answer`. */
async function outcomes(
  answer: Answer,
  count = 1,
  more: Partial<WrittenConfigOf<typeof httpSchema>> = {},
): Promise<readonly Failure[]> {
  const { url } = await serve(answer)
  const events = numberedEvents(count * 3, 'e').filter(({ key: of }) => of === undefined)
  return (await sinkFor({ url, ...more })).send(eventBatch(events, 't'), never)
}

const status =
  (code: number, headers: Record<string, string> = {}, body = ''): Answer =>
  (response) => {
    response.writeHead(code, headers).end(body)
  }

test.each([200, 201, 202, 204])('HTTP %i is delivered', async (code) => {
  expect(await outcomes(status(code))).toEqual([])
})

test.each([408, 425, 429, 500, 502, 503, 504])('HTTP %i is retried', async (code) => {
  expect(await outcomes(status(code))).toEqual([{ index: 0, is: 'retry', reason: `HTTP ${code}` }])
})

test.each([400, 404, 409, 410, 413, 415, 422])(
  'HTTP %i is rejected permanently, with the beginning of the response',
  async (code) => {
    const [failure] = await outcomes(status(code, {}, `no\n\t${'x'.repeat(300)}`))
    expect(failure).toEqual({ index: 0, is: 'reject', reason: `HTTP ${code}: no ${'x'.repeat(196)}` })
  },
)

test.each([
  [404, 'retry'],
  [409, 'retry'],
  [410, 'reject'],
] as const)('with 404 and 409 configured as transient, HTTP %i is a %s', async (code, is) => {
  expect(await outcomes(status(code), 1, { retry_statuses: [404, 409] })).toEqual([
    { index: 0, is, reason: `HTTP ${code}` },
  ])
})

test.each([
  [401, 'correct `auth`'],
  [403, 'correct `auth`'],
  [407, 'correct `auth`'],
  [301, 'set `url` to /there'],
])('HTTP %i concerns the configuration: it is retried, with the action to take', async (code, advice) => {
  const [failure] = await outcomes(status(code, { location: '/there' }))
  expect(failure?.is).toBe('retry')
  expect(failure?.reason).toContain(advice)
})

test('Retry-After in seconds or as a date is returned, and stops the rest of the batch', async () => {
  const failures = await outcomes(status(429, { 'retry-after': '7' }), 3, { concurrency: 1 })
  expect(failures).toEqual([
    { index: 0, is: 'retry', reason: 'HTTP 429', afterMs: 7000 },
    { index: 1, is: 'retry', reason: 'not sent: HTTP 429', afterMs: 7000 },
    { index: 2, is: 'retry', reason: 'not sent: HTTP 429', afterMs: 7000 },
  ])
  const [dated] = await outcomes(status(503, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }))
  expect(dated?.is === 'retry' && dated.afterMs).toBeGreaterThan(50_000)
  const [absurd] = await outcomes(status(503, { 'retry-after': '99999999' }))
  expect(absurd?.is === 'retry' && absurd.afterMs).toBe(3_600_000)
})

test('an unreachable server is a retry that names the address', async () => {
  const sink = await sinkFor({ url: 'http://127.0.0.1:1/in' })
  const failures = await sink.send(eventBatch(numberedEvents(4, 'e'), 't'), never)
  expect(failures.map(({ is }) => is)).toEqual(['retry', 'retry', 'retry', 'retry'])
  expect(failures[0]?.reason).toContain('http://127.0.0.1:1: ')
  expect(failures[0]?.reason).toContain('ECONNREFUSED')
})

test('headers, credentials and extensions are on every request', async () => {
  const { url, seen } = await serve(status(202))
  const sink = await sinkFor({
    url,
    headers: { 'x-site': 'edge' },
    extensions: { site: 'süd' },
    auth: { type: 'basic', user: 'u', password: 'p' },
  })
  await sink.send(eventBatch([{ ...numberedEvents(1, 'e')[0]!, extensions: { site: 'own' } }], 't'), never)
  expect(seen[0]?.headers).toMatchObject({
    'x-site': 'edge',
    authorization: `Basic ${Buffer.from('u:p').toString('base64')}`,
    'ce-site': 's%C3%BCd',
    'ce-id': 'e0',
    'content-type': 'application/json',
    'content-length': '12',
  })
  expect(seen[0]?.body).toBe('{"number":0}')
})

test('a token renewed in its file is used after the old one is rejected', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-token-'))
  closing.push(() => rm(folder, { recursive: true }))
  const file = join(folder, 'token')
  await writeFile(file, 'old\n')
  const { url, seen } = await serve((response, { headers }) => {
    response.writeHead(headers.authorization === 'Bearer new' ? 202 : 401).end()
  })
  const sink = await sinkFor({ url, auth: { type: 'bearer', token: `file:${file}` } })
  const batch = eventBatch(numberedEvents(1, 'e'), 't')
  expect((await sink.send(batch, never))[0]).toMatchObject({
    is: 'retry',
    reason: expect.stringContaining('correct `auth`') as string,
  })
  await writeFile(file, 'new\n')
  expect(await sink.send(batch, never)).toEqual([])
  expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer new'])
})

test('batched requests respect the maximum number of events, in order', async () => {
  const { url, seen } = await serve(status(200))
  const sink = await sinkFor({ url, mode: 'batched', request_events: 4, auth: { type: 'bearer', token: 'secret' } })
  expect(await sink.send(eventBatch(numberedEvents(10, 'e'), 't'), never)).toEqual([])
  expect(seen.map(({ body }) => (JSON.parse(body) as { id: string }[]).map(({ id }) => id))).toEqual([
    ['e0', 'e1', 'e2', 'e3'],
    ['e4', 'e5', 'e6', 'e7'],
    ['e8', 'e9'],
  ])
  expect(seen[0]?.headers).toMatchObject({
    'content-type': 'application/cloudevents-batch+json; charset=utf-8',
    authorization: 'Bearer secret',
  })
})

test('in protobuf one or many events are a request that another library decodes', async () => {
  const { url, seen } = await serve(status(200))
  const [first, ...more] = numberedEvents(5, 'e').map((event, index) => ({
    ...event,
    time: 1_700_000_000_123,
    extensions: { place: index, site: 'own' },
  }))
  const single = await sinkFor({ url, mode: 'protobuf', extensions: { site: 'edge' } })
  expect(await single.send(eventBatch([first!], 't'), never)).toEqual([])
  expect(seen[0]?.headers['content-type']).toBe('application/cloudevents+protobuf')
  expect(readProtobuf(seen[0]!.bytes)).toMatchObject({
    id: 'e0',
    source: first?.source,
    type: first?.type,
    attributes: { place: 0, site: 'edge', datacontenttype: 'application/json', time: new Date(1_700_000_000_123) },
    binaryData: Buffer.from('{"number":0}'),
  })
  const batched = await sinkFor({ url, mode: 'protobuf-batched', request_events: 3 })
  expect(await batched.send(eventBatch(more, 't'), never)).toEqual([])
  expect(
    seen.slice(1).map(({ headers, bytes }) => [headers['content-type'], readProtobufBatch(bytes).map(({ id }) => id)]),
  ).toEqual([
    ['application/cloudevents-batch+protobuf', ['e1', 'e2', 'e3']],
    ['application/cloudevents-batch+protobuf', ['e4']],
  ])
  expect([...(batched.preview?.(eventBatch([first!], 't')) ?? [])]).toMatchObject([
    { to: url, headers: { 'content-type': 'application/cloudevents+protobuf' } },
  ])
})

test('connections are reused', async () => {
  const ports = new Set<number | undefined>()
  const { url } = await serve((response) => {
    ports.add(response.socket?.remotePort)
    response.writeHead(200).end('thanks')
  })
  const sink = await sinkFor({ url, concurrency: 2 })
  for (let round = 0; round < 5; round++) await sink.send(eventBatch(numberedEvents(6, 'e'), 't'), never)
  expect(ports.size).toBe(2)
})

test("an event that can't be encoded is rejected and affects no other", async () => {
  const { url, seen } = await serve(status(200))
  const sink = await sinkFor({ url })
  const [bad, good] = numberedEvents(4, 'e').filter(({ key: of }) => of === undefined)
  const failures = await sink.send(
    eventBatch([{ ...bad!, datacontenttype: 'text/plain\r\nx-evil: 1' }, good!], 't'),
    never,
  )
  expect(failures).toEqual([
    { index: 0, is: 'reject', reason: expect.stringContaining("can't be written as a CloudEvent") as string },
  ])
  expect(seen).toHaveLength(1)
})

test('TLS: an unknown authority is rejected, a configured one trusted, and verify: false trusts any', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-tls-'))
  closing.push(() => rm(folder, { recursive: true }))
  const ca_file = join(folder, 'ca.pem')
  await writeFile(ca_file, certificate)
  const { url } = await serve(status(200), true)
  const send = async (tls: WrittenConfigOf<typeof httpSchema>['tls']): Promise<readonly Failure[]> =>
    (await sinkFor(tls === undefined ? { url } : { url, tls })).send(eventBatch(numberedEvents(1, 'e'), 't'), never)
  expect((await send(undefined))[0]?.reason).toMatch(/self-signed certificate/)
  expect(await send({ ca_file })).toEqual([])
  expect(await send({ verify: false })).toEqual([])
  expect((await send({ ca_file, server_name: 'other.example' }))[0]?.reason).toMatch(/does not match certificate/)
  await expect(sinkFor({ url, tls: { ca_file: join(folder, 'missing.pem') } })).rejects.toThrow(
    /the TLS file .*missing\.pem cannot be read/,
  )
})

test.each([
  [{ extensions: { Site: 'x' } }, "can't be an extension"],
  [{ extensions: { id: 'x' } }, "can't be an extension"],
  [{ headers: { 'ce-id': 'x' } }, "can't be set here"],
  [{ headers: { 'a b': 'x' } }, "can't be set here"],
  [{ url: 'http://127.0.0.1/', tls: { verify: false } }, 'the URL is plain http'],
])('the settings %j are refused', (written, message) => {
  expect(() => configFrom(httpSchema, { url: 'https://127.0.0.1/', ...written })).toThrow(message)
})

test('with codec netobserv-json the request body is the bare record, with its own event type', async () => {
  const { url, seen } = await serve(status(200))
  const { batch, ids } = flowBatch(2, 't')
  for (const mode of ['binary', 'batched'] as const)
    expect(await (await sinkFor({ url, mode, codec: 'netobserv-json', concurrency: 1 })).send(batch, never)).toEqual([])
  expect(seen[1]).toMatchObject({
    body: '{"SrcPort":1,"Bytes":200}',
    headers: { 'content-type': 'application/json', 'ce-type': 'io.weir.flow.netobserv.v1', 'ce-id': ids[1] },
  })
  expect(JSON.parse(seen[2]?.body ?? '')).toMatchObject([
    { data: { SrcPort: 0 } },
    { data: { SrcPort: 1, Bytes: 200 } },
  ])
})

test("with codec kollect a change is an envelope with kollect's key; other events are rejected", async () => {
  const seen: { headers: IncomingHttpHeaders; body: Buffer }[] = []
  const server = createHttp((request, response) => {
    const chunks: Uint8Array[] = []
    request
      .on('data', (chunk: Uint8Array) => chunks.push(chunk))
      .on('end', () => {
        seen.push({ headers: request.headers, body: Buffer.concat(chunks) })
        response.writeHead(200).end()
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(
    () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve(undefined)
        })
        server.closeAllConnections()
      }),
  )
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const [change] = anyChanges(1, 1, 'c1')
  if (change === undefined) throw new Error('no change')
  const sink = await sinkFor({ url, codec: 'kollect' })
  const [other] = numberedEvents(1, 'e')
  expect(await sink.send(eventBatch([changeEvent(change, 1_700_000_000_000), other!], 't'), never)).toEqual([
    {
      index: 1,
      is: 'reject',
      reason: expect.stringContaining(
        'kollect has no message for the family event; let the sink take changes only',
      ) as string,
    },
  ])
  expect((await sink.send(flowBatch(1, 't').batch, never))[0]).toMatchObject({
    is: 'reject',
    reason: expect.stringContaining('no message for flows') as string,
  })
  expect(seen).toHaveLength(1)
  const sent = decodeEnvelope(seen[0]?.body ?? new Uint8Array())
  expect(sent).toMatchObject({
    timestamp: 1_700_000_000_000,
    payload: { is: 'created', uid: change.uid, resource: change.new, name: change.name },
  })
  expect(seen[0]?.headers).toMatchObject({
    'content-type': 'application/protobuf',
    'ce-id': sent.id,
    'ce-type': 'kollect.resource.event.v1.ResourceCreatedEvent',
    'ce-partitionkey': `c1/${change.uid}`,
  })
  const counted = new MetricStore({ strict: true })
  const original = await http.build(configFrom(httpSchema, { url, codec: 'kollect', kollect_fields: 'original' }), {
    ...testContext(),
    metrics: counted,
  })
  closing.push(() => original.close())
  expect(await original.send(eventBatch([changeEvent(change, 0)], 't'), never)).toEqual([])
  expect(decodeEnvelope(seen[1]?.body ?? new Uint8Array()).payload).toMatchObject({ is: 'created', name: '' })
  const { group, version, kind, namespace = '' } = change
  expect(counted.value('kollect_resource_created_total', { group, version, kind, namespace })).toBe(1)
  expect(
    counted.value('kollect_events_written_total', { type: 'kollect.resource.event.v1.ResourceCreatedEvent' }),
  ).toBe(1)
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  expect((await original.send(eventBatch([changeEvent(change, 0)], 't'), never))[0]?.is).toBe('retry')
  expect(
    counted.value('kollect_events_written_total', { type: 'kollect.resource.event.v1.ResourceCreatedEvent' }),
  ).toBe(1)
})

const hostile = {
  user: { name: '<!channel> & <http://evil|click>' },
  list: [1, 9_007_199_254_740_993n],
  note: '*bold*\n[link](http://evil)',
}
const hostileEvent = {
  ...numberedEvents(1, 'e')[0]!,
  subject: 'pod/a',
  time: Date.UTC(2026, 0, 1),
  data: Buffer.from(stringifyExact(hostile) ?? ''),
}

async function sentAs(
  written: Partial<WrittenConfigOf<typeof httpSchema>>,
  count = 1,
  event = hostileEvent,
): Promise<unknown[]> {
  const { url, seen } = await serve(status(200))
  const sink = await sinkFor({ url, ...written })
  expect(await sink.send(eventBatch(Array<typeof hostileEvent>(count).fill(event), 't'), never)).toEqual([])
  expect(seen.every(({ headers }) => headers['content-type'] === 'application/json')).toBe(true)
  return seen.map(({ body }) => JSON.parse(body) as unknown)
}

test('template slack: values are plain text, and the notification has no link and no channel', async () => {
  const [message] = await sentAs({ template: 'slack', title: '{{user.name}}', text: '{{note}} {{list}} {{absent}}' })
  const plain = (text: string): object => ({ type: 'plain_text', text, emoji: false })
  expect(message).toEqual({
    text: '&lt;!channel&gt; &amp; &lt;http://evil|click&gt;',
    blocks: [
      { type: 'header', text: plain(hostile.user.name) },
      { type: 'section', text: plain(`${hostile.note} [1,9007199254740993]`) },
    ],
  })
  const [long] = await sentAs({ template: 'slack', title: `${'x'.repeat(148)}😀😀`, text: '{{absent}}' })
  expect(long).toMatchObject({ blocks: [{ text: { text: `${'x'.repeat(148)}…` } }] })
  expect((long as { blocks: unknown[] }).blocks).toHaveLength(1)
})

test('template teams: an Adaptive Card with values as text runs, without Markdown', async () => {
  const [message] = await sentAs({ template: 'teams', text: '{{note}}' })
  const run = (text: string): object => ({ type: 'RichTextBlock', inlines: [expect.objectContaining({ text })] })
  expect(message).toMatchObject({
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          type: 'AdaptiveCard',
          version: '1.4',
          body: [run('io.weir.test'), ...hostile.note.split('\n').map(run)],
        },
      },
    ],
  })
})

test('templates slack and teams write the texts of an alert', async () => {
  const data = {
    rule: 'much-traffic',
    state: 'firing',
    severity: 'critical',
    value: 12,
    labels: { dst_namespace: 'shop' },
    annotations: { summary: 'shop receives 12 MB/s' },
    generatorURL: 'https://weir.example.com/flows',
  }
  const alert = { ...hostileEvent, type: alertTypes.firing, data: Buffer.from(JSON.stringify(data)) }
  const written = {
    title: '{{severity}}: {{rule}} is {{state}}',
    text: '{{annotations.summary}} ({{labels.dst_namespace}}) {{generatorURL}}',
  } as const
  const title = 'critical: much-traffic is firing'
  const text = 'shop receives 12 MB/s (shop) https://weir.example.com/flows'
  const [slack] = await sentAs({ template: 'slack', ...written }, 1, alert)
  expect(slack).toMatchObject({ text: title, blocks: [{ text: { text: title } }, { text: { text } }] })
  const [teams] = await sentAs({ template: 'teams', ...written }, 1, alert)
  const inlines = (one: string): object => ({ inlines: [expect.objectContaining({ text: one })] })
  expect(teams).toMatchObject({ attachments: [{ content: { body: [inlines(title), inlines(text)] } }] })
})

test('a message of an alert has the change that preceded it, unless its text has it', async () => {
  const cause = { text: 'Deployment shop/api: updated by alice', url: 'https://weir.example.com/flows?why=1' }
  const data = { rule: 'low', state: 'firing', labels: {}, annotations: { summary: 'low' }, cause }
  const alert = { ...hostileEvent, type: alertTypes.firing as string, data: Buffer.from(JSON.stringify(data)) }
  const textOf = async (text: string, event: typeof alert) => {
    const [message] = await sentAs({ template: 'slack', title: '{{rule}}', text }, 1, event)
    return (message as { blocks: { text: { text: string } }[] }).blocks[1]?.text.text
  }
  expect(await textOf('{{annotations.summary}}', alert)).toBe(`low\nBefore: ${cause.text}\n${cause.url}`)
  expect(await textOf('see {{cause.text}}', alert)).toBe(`see ${cause.text}`)
  expect(await textOf('{{annotations.summary}}', { ...alert, type: 'other' })).toBe('low')
  const [[sent] = []] = (await sentAs({ template: 'alertmanager' }, 1, alert)) as { annotations: object }[][]
  expect(sent?.annotations).toMatchObject({ summary: 'low', cause: cause.text, cause_url: cause.url })
})

test('an alert ends when its event says, and a repetition for Alertmanager is no message of a chat', async () => {
  const event = (more: object) => ({
    ...hostileEvent,
    type: alertTypes.firing,
    data: Buffer.from(JSON.stringify({ labels: {}, startsAt: '2026-01-01T00:00:00.000Z', ...more })),
  })
  const ends = async (more: object) =>
    ((await sentAs({ template: 'alertmanager' }, 1, event(more))) as { endsAt: string }[][])[0]?.[0]?.endsAt
  expect(await ends({ validUntil: '2026-01-01T00:04:00.000Z', repeated: true })).toBe('2026-01-01T00:04:00.000Z')
  expect(await ends({ validUntil: '2026-01-01T00:04:00.000Z', endsAt: '2026-01-01T00:01:00.000Z' })).toBe(
    '2026-01-01T00:01:00.000Z',
  )
  expect(await ends({})).toBe('2027-01-02T00:00:00.000Z')
  const { url, seen } = await serve(status(200))
  for (const template of ['slack', 'teams'] as const) {
    const sink = await sinkFor({ url, template })
    const events = [event({ repeated: true, refresh: true }), event({}), event({ repeated: true, refresh: true })]
    expect(await sink.send(eventBatch(events, 't'), never)).toEqual([
      { index: 0, is: 'filter', reason: 'refresh', rows: Uint32Array.of(0, 2) },
    ])
  }
  expect(seen).toHaveLength(2)
})

test('template alertmanager: an alert per event, in one request if batched', async () => {
  const written = { template: 'alertmanager', labels: { service: '{{source}}', none: '{{absent}}' } } as const
  const alert = {
    labels: { alertname: 'io.weir.test', service: '/conformance', none: '' },
    annotations: { description: 'pod/a', event_id: 'e0', event_source: '/conformance' },
    startsAt: '2026-01-01T00:00:00.000Z',
  }
  expect(await sentAs(written)).toEqual([[alert]])
  expect(await sentAs({ ...written, mode: 'batched' }, 2)).toEqual([[alert, alert]])
})

test.each([
  [{ template: 'slack', mode: 'batched' }, 'has no mode `batched`'],
  [{ template: 'teams', codec: 'kollect' }, 'a template has no codec'],
  [{ labels: { a: 'b' } }, 'only alerts have labels'],
  [{ template: 'alertmanager', labels: { alertname: 'b' } }, "can't be a label"],
] as const)('%j is refused', (written, message) => {
  expect(() => configFrom(httpSchema, { url: 'http://localhost', ...written })).toThrow(message)
})
