import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { realHost } from '../host/index.ts'
import { MetricStore } from '../telemetry/metrics.ts'
import type { Span } from '../telemetry/traces.ts'
import { openTraces } from './traces.ts'
import { zipkinSpan } from './traces-zipkin.ts'

const span: Span = {
  traceId: '5af7183fb1d4cf5f5af7183fb1d4cf50',
  spanId: '5af7183fb1d4cf51',
  parentId: '5af7183fb1d4cf52',
  name: 'Event.Write',
  kind: 'producer',
  start: 1_700_000_000_123,
  end: 1_700_000_000_125,
  attributes: { 'event.size': 7, 'event.key': 'c/u' },
}

let server: Server | undefined
afterEach(() => {
  vi.unstubAllEnvs()
  server?.closeAllConnections()
  server?.close()
})

interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

async function receiver(status: number): Promise<{ readonly address: string; readonly requests: Received[] }> {
  const requests: Received[] = []
  server = createServer((request, response) => {
    const parts: Buffer[] = []
    request
      .on('data', (part: Buffer) => parts.push(part))
      .on('end', () => {
        requests.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts) })
        response.writeHead(status).end('not today')
      })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server?.once('listening', resolve))
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

async function send(url: string, spans: readonly Span[]) {
  const metrics = new MetricStore({ strict: true })
  const lines: string[] = []
  const say = (message: string, fields?: Record<string, unknown>): void =>
    void lines.push(`${message} ${JSON.stringify(fields)}`)
  const traces = await openTraces({
    url,
    sample: 1,
    version: '1.2.3',
    host: realHost(),
    log: { debug: say, info: say, warn: say, error: say },
    metrics,
  })
  for (const one of spans) traces?.add(one)
  await traces?.close()
  return {
    logged: lines,
    sent: metrics.value('weir_traces_sent_spans_total'),
    refused: metrics.value('weir_traces_dropped_spans_total', { reason: 'not_taken' }),
  }
}

test('a Zipkin span has microseconds, string tags and its error', () => {
  expect(zipkinSpan(span, 'weir')).toEqual({
    traceId: span.traceId,
    id: span.spanId,
    parentId: span.parentId,
    name: 'Event.Write',
    kind: 'PRODUCER',
    timestamp: 1_700_000_000_123_000,
    duration: 2000,
    localEndpoint: { serviceName: 'weir' },
    tags: { 'event.size': '7', 'event.key': 'c/u' },
  })
  const { parentId: _parent, ...root } = span
  expect(zipkinSpan({ ...root, kind: 'internal', end: span.start, error: 'why' }, 'weir')).toMatchObject({
    duration: 1,
    tags: { error: 'why' },
  })
  expect(zipkinSpan({ ...root, kind: 'internal' }, 'weir')).not.toHaveProperty('kind')
})

test('Zipkin receives spans as a JSON array', async () => {
  const { address, requests } = await receiver(202)
  expect(await send(`zipkin://${address}`, [span, { ...span, spanId: 'f'.repeat(16) }])).toMatchObject({
    sent: 2,
    refused: 0,
  })
  expect(
    requests.map(({ path, headers, body }) => [
      path,
      headers['content-type'],
      (JSON.parse(String(body)) as { id: string }[]).map(({ id }) => id),
    ]),
  ).toEqual([['/api/v2/spans', 'application/json', [span.spanId, 'f'.repeat(16)]]])
})

test('OpenTelemetry receives spans as protobuf, with the headers of its variable', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-tenant=shop')
  const { address, requests } = await receiver(200)
  expect(await send(`otlp://${address}`, [span])).toMatchObject({ sent: 1, refused: 0 })
  expect(requests).toHaveLength(1)
  const [{ path, headers, body } = { path: '', headers: {}, body: Buffer.of() }] = requests
  expect([path, headers['content-type'], headers['x-tenant']]).toEqual(['/v1/traces', 'application/x-protobuf', 'shop'])
  // test/real/traces.test.ts covers a real collector.
  for (const part of [
    Buffer.from(span.traceId, 'hex'),
    Buffer.from(span.spanId, 'hex'),
    'Event.Write',
    'event.key',
    'c/u',
    'weir',
    '1.2.3',
  ])
    expect(body.includes(part)).toBe(true)
})

test.each(['zipkin', 'otlp'])('a refusal over %s:// drops the spans, counts and logs them', async (scheme) => {
  const { address } = await receiver(400)
  const { logged: lines, ...counts } = await send(`${scheme}://${address}`, [span])
  expect(counts).toEqual({ sent: 0, refused: 1 })
  expect(lines.at(-1)).toMatch(/did not accept spans[^]*http:\/\/127/)
})

test('without a URL nothing is recorded; an invalid one is rejected', async () => {
  const { logged: lines } = await send('noop://', [span])
  expect(lines).toEqual([])
  await expect(send('statsd://x', [])).rejects.toThrow(/is no URL for traces/)
  const { logged: warned } = await send('jaeger://127.0.0.1:6831', [])
  expect(warned[0]).toMatch(/Jaeger 2 has no agent/)
})
