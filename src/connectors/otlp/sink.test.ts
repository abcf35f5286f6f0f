import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ServerCredentials } from '@grpc/grpc-js'
import { afterEach, describe, expect, test } from 'vitest'
import { eventBatch, numberedEvents, testContext } from '../../../test/conformance/batches.ts'
import { selfSigned } from '../../../test/kit/certificate.ts'
import { flowSinkBatch, metricFlows } from '../../../test/kit/metric-flows.ts'
import { ProtoMessage } from '../../../test/kit/proto-read.ts'
import type { Sink } from '../../engine/contracts.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { endpointOf } from './client-http.ts'
import { otlpSchema } from './config.ts'
import { sink as otlp } from './sink.ts'
import {
  attributesIn,
  codes,
  grpcReceiver,
  httpReceiver,
  logsIn,
  type Receiver,
  type Reply,
} from './testing/receiver.ts'

type Written = Partial<WrittenConfigOf<typeof otlpSchema>>

const never = new AbortController().signal
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function sinkFor(receiver: Receiver, written: Written = {}): Promise<Sink & { readonly lines: string[] }> {
  const context = testContext()
  const sink = await otlp.build(configFrom(otlpSchema, { url: receiver.url, ...written }), context)
  closing.push(() => sink.close())
  return Object.assign(sink, { lines: context.lines })
}

async function opened(over: 'http' | 'grpc', written: Written = {}) {
  const receiver = await (over === 'http' ? httpReceiver() : grpcReceiver())
  closing.push(() => receiver.stop())
  return { receiver, sink: await sinkFor(receiver, written) }
}

const logsOf = ({ requests }: Receiver) => requests.flatMap(({ body }) => logsIn(body))

const flow = {
  SrcAddr: '10.0.0.1',
  DstAddr: '2001:db8::1',
  SrcPort: 40000,
  DstPort: 443,
  Proto: 6,
  Flags: 18,
  Bytes: 5_000_000_000,
  Packets: 10,
  TimeFlowStartMs: 1_700_000_000_123,
  TimeFlowEndMs: 1_700_000_005_456,
  TimeReceived: 1_700_000_006,
  SrcK8S_Name: 'web-1',
  SrcK8S_Type: 'Pod',
  SrcK8S_Namespace: 'größe',
  DstK8S_HostIP: '192.0.2.7',
  FlowDirection: 1,
  Interfaces: ['eth0', 'br0'],
  IfDirections: [0, 1],
  DnsLatencyMs: 7,
  DstSubnetLabel: 'EXT:dc',
  K8S_ClusterName: 'eu',
}

test('a flow is a log record with NetObserv’s names, at the end of the flow', async () => {
  const { receiver, sink } = await opened('http', { resource: { 'deployment.environment.name': 'test' } })
  expect(await sink.send(flowSinkBatch([flow], 't'), never)).toEqual([])
  const [log] = logsOf(receiver)
  expect(log).toMatchObject({ time: 1_700_000_005_456, observed: 1_700_000_006_000, severity: '9 INFO' })
  expect(JSON.parse(log?.body ?? '')).toMatchObject({ ...flow, Etype: expect.any(Number) as number })
  expect(log?.attributes).toEqual({
    'log.record.uid': expect.stringMatching(/^in:1:\d+:0$/) as string,
    'source.address': '10.0.0.1',
    'destination.address': '2001:db8::1',
    'source.port': 40000,
    'destination.port': 443,
    protocol: 6,
    'tcp.flags': 18,
    bytes: 5_000_000_000,
    packets: 10,
    timeflowstart: 1_700_000_000_123,
    timeflowend: 1_700_000_005_456,
    timereceived: 1_700_000_006,
    'source.k8s.name': 'web-1',
    'source.k8s.kind': 'Pod',
    'source.k8s.namespace.name': 'größe',
    'destination.k8s.host.address': '192.0.2.7',
    'host.direction': 1,
    'interface.names': ['eth0', 'br0'],
    'interface.directions': [0, 1],
    'dns.latency': 7,
    'destination.subnet.label': 'EXT:dc',
    'k8s.cluster.name': 'eu',
  })
  const [resource] = new ProtoMessage(receiver.requests[0]!.body).messages(1)
  expect(attributesIn(resource!.message(1), 1)).toEqual({
    'service.name': 'weir',
    'deployment.environment.name': 'test',
  })
})

test('fields_mapping renames, adds and removes attributes; absent values have none', async () => {
  const mapped = { SrcAddr: 'client.address', 'dst.ns': '-', DstPort: '-', AgentIP: 'agent' }
  const { receiver, sink } = await opened('http', { fields_mapping: mapped, codec: 'json', compression: 'none' })
  const records = [
    { SrcAddr: '10.0.0.1', DstPort: 1, Proto: 17, AgentIP: '192.0.2.1', DstK8S_Namespace: 'x' },
    { Proto: 1 },
  ]
  expect(await sink.send(flowSinkBatch(records, 't'), never)).toEqual([])
  const [first, second] = logsOf(receiver).map(({ attributes: { 'log.record.uid': _, ...rest } }) => rest)
  expect(first).toEqual({ 'client.address': '10.0.0.1', protocol: 17, agent: '192.0.2.1' })
  expect(second).toEqual({ protocol: 1 })
  expect(JSON.parse(logsOf(receiver)[0]?.body ?? '')).toMatchObject({ src_addr: '10.0.0.1', dst_port: 1 })
  expect(receiver.requests[0]?.headers['content-encoding']).toBeUndefined()
})

test('an event is a log record: its data is the body, its envelope the attributes', async () => {
  const { receiver, sink } = await opened('grpc')
  const [, event] = numberedEvents(2, 'e')
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const sent = {
    ...event!,
    time: 1_700_000_000_001,
    family: 'audit',
    ref: 'k8s:c/x',
    extensions: { traceparent, n: 7 },
  } as const
  const binary = { ...numberedEvents(1, 'b')[0]!, encoding: 'binary', data: Uint8Array.of(0, 255) } as const
  expect(await sink.send(eventBatch([sent, binary], 't'), never)).toEqual([])
  const [log, other] = logsOf(receiver)
  expect(log).toMatchObject({
    time: 1_700_000_000_001,
    severity: '9 INFO',
    body: '{"number":1}',
    trace: '0af7651916cd43dd8448eb211c80319c',
  })
  expect(log?.attributes).toEqual({
    'log.record.uid': 'e1',
    'cloudevents.event_id': 'e1',
    'cloudevents.event_source': '/conformance',
    'cloudevents.event_type': 'io.weir.test',
    'cloudevents.event_subject': 'e1',
    'weir.family': 'audit',
    'weir.key': 'key-1',
    'weir.ref': 'k8s:c/x',
    'cloudevents.traceparent': traceparent,
    'cloudevents.n': 7,
  })
  expect(other?.uid).toBe('b0')
})

describe.each(['http', 'grpc'] as const)('over %s', (over) => {
  const reply = (http: number, grpc: number, message = '', retryMs?: number): Reply => ({
    http,
    grpc,
    message,
    ...(retryMs === undefined ? {} : { retryMs }),
  })

  test.each([
    [503, codes.UNAVAILABLE, 'retry'],
    [429, codes.RESOURCE_EXHAUSTED, 'retry'],
    [504, codes.ABORTED, 'retry'],
    [401, codes.UNAUTHENTICATED, 'retry'],
    [404, codes.UNIMPLEMENTED, 'retry'],
    [400, codes.INVALID_ARGUMENT, 'reject'],
    [500, codes.INTERNAL, 'reject'],
  ])('HTTP %i or gRPC code %i is a %s with the message', async (http, grpc, is) => {
    const { receiver, sink } = await opened(over)
    receiver.reply = () => reply(http, grpc, 'because of this')
    const [failure] = await sink.send(eventBatch(numberedEvents(1, 'e'), 't'), never)
    expect(failure).toMatchObject({ is, reason: expect.stringContaining('because of this') as string })
  })

  test('the delay of RetryInfo is returned', async () => {
    const { receiver, sink } = await opened(over)
    receiver.reply = () => reply(503, codes.RESOURCE_EXHAUSTED, 'busy', 2500)
    expect((await sink.send(eventBatch(numberedEvents(1, 'e'), 't'), never))[0]).toMatchObject({
      is: 'retry',
      afterMs: 2500,
    })
  })

  test('a partially accepted request rejects exactly the refused records, with the message', async () => {
    const { receiver, sink } = await opened(over)
    receiver.reply = (logs) => {
      const refused = logs.filter(({ uid }) => uid === 'e6').length
      return refused === 0 ? 'accept' : { partial: refused, message: 'e6 is invalid' }
    }
    const failures = await sink.send(eventBatch(numberedEvents(10, 'e'), 't'), never)
    expect(failures).toEqual([{ index: 6, is: 'reject', reason: expect.stringContaining('e6 is invalid') as string }])
  })

  test('an accepted request with a warning is delivered, and the warning is logged once', async () => {
    const { receiver, sink } = await opened(over)
    receiver.reply = () => ({ partial: 0, message: 'an attribute is deprecated' })
    for (const token of ['a', 'b'])
      expect(await sink.send(eventBatch(numberedEvents(1, token), token), never)).toEqual([])
    expect(sink.lines.filter((line) => line.includes('an attribute is deprecated'))).toHaveLength(1)
  })

  test('headers and the login are on every request; a probe sends no records', async () => {
    const { receiver, sink } = await opened(over, {
      headers: { 'X-Scope-OrgID': 'network' },
      auth: { type: 'bearer', token: 'export-me-please' },
    })
    expect(await sink.send(flowSinkBatch([flow], 't'), never)).toEqual([])
    expect(receiver.requests[0]?.headers).toMatchObject({
      'x-scope-orgid': 'network',
      authorization: 'Bearer export-me-please',
    })
    expect((await sink.probe?.(never))?.is).toBe('ok')
    expect(receiver.requests[1]?.body).toHaveLength(0)
  })

  test('sums, gauges and histograms are cumulative data points', async () => {
    const { receiver, sink } = await opened(over, {
      signal: 'metrics',
      include: ['node_ingress_bytes', 'node_sampling', 'node_rtt_seconds'],
    })
    const record = (Bytes: number, ms: number): object => ({
      SrcK8S_HostName: 'n1',
      Bytes,
      Sampling: 2,
      TimeFlowRttNs: ms * 1e6,
    })
    expect(await sink.send(flowSinkBatch([record(10, 1), record(5, 45)], 'a'), never)).toEqual([])
    expect(await sink.send(flowSinkBatch([record(1, 5000)], 'b'), never)).toEqual([])
    const [first, second] = receiver.requests.map(({ body }) => metricsIn(body))
    expect(first?.get('netobserv_node_ingress_bytes_total')).toMatchObject({
      kind: 'sum',
      unit: 'By',
      temporality: 2,
      monotonic: true,
      value: 30,
    })
    expect(second?.get('netobserv_node_ingress_bytes_total')).toMatchObject({
      value: 32,
      attributes: { SrcK8S_HostName: 'n1' },
    })
    expect(second?.get('netobserv_node_sampling')).toMatchObject({ kind: 'gauge', value: 2 })
    expect(second?.get('netobserv_node_rtt_seconds')).toMatchObject({
      kind: 'histogram',
      unit: 's',
      temporality: 2,
      count: 3,
      counts: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
    })
    const [a, b] = [first, second].map((all) => all?.get('netobserv_node_ingress_bytes_total'))
    expect(b?.start).toBe(a?.start)
    expect(b?.at).toBeGreaterThan(a?.at ?? 0)
    expect(a?.at).toBeGreaterThanOrEqual(a?.start ?? Number.NaN)
  })

  test('metrics: a failed export is retried without counting twice, and events are rejected', async () => {
    const { receiver, sink } = await opened(over, { signal: 'metrics', include: ['node_flows'], request_events: 3 })
    receiver.reply = () => reply(503, codes.UNAVAILABLE, 'not now')
    const records = metricFlows(200, 5)
    const batch = flowSinkBatch(records, 'a')
    const failures = await sink.send(batch, never)
    expect(failures.map(({ is }) => is)).toEqual(records.map(() => 'retry'))
    const seen = receiver.requests.length
    receiver.reply = () => 'accept'
    expect(await sink.send(batch, never)).toEqual([])
    const sum = receiver.requests.slice(seen).reduce((all, { body }) => all + pointsOf(body), 0)
    expect(sum).toBe(200)
    const [failure] = await sink.send(eventBatch(numberedEvents(1, 'e'), 'e'), never)
    expect(failure).toMatchObject({ is: 'reject', reason: expect.stringContaining('only: {family: [flow]}') as string })
  })
})

interface SeenMetric {
  readonly kind: string
  readonly unit: string
  readonly [more: string]: unknown
  readonly at: number
  readonly start: number
}

function metricMessages(body: Uint8Array): ProtoMessage[] {
  return new ProtoMessage(body)
    .messages(1)
    .flatMap((resource) => resource.messages(2))
    .flatMap((scope) => scope.messages(2))
}

/** The last data point of each metric. */
function metricsIn(body: Uint8Array): Map<string, SeenMetric> {
  return new Map(
    metricMessages(body).map((metric) => {
      const [kind, field] = metric.fields.includes(5)
        ? ['gauge', 5]
        : metric.fields.includes(7)
          ? ['sum', 7]
          : ['histogram', 9]
      const data = metric.message(field as number)
      const point = data.messages(1).at(-1)!
      return [
        metric.text(1),
        {
          kind: kind as string,
          unit: metric.text(3),
          temporality: data.number(2),
          monotonic: data.number(3) === 1,
          at: point.number(3),
          start: point.number(2),
          ...(kind === 'histogram'
            ? { count: point.number(4), sum: point.double(5), counts: point.numbers(6) }
            : { value: point.fields.includes(6) ? point.number(6) : point.double(4) }),
          attributes: attributesIn(point, kind === 'histogram' ? 9 : 7),
        },
      ]
    }),
  )
}

function pointsOf(body: Uint8Array): number {
  return metricMessages(body)
    .flatMap((metric) => metric.message(7).messages(1))
    .reduce((sum, point) => sum + point.number(6), 0)
}

test('gRPC over TLS with a client certificate; an unknown authority is an error', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-otlp-'))
  closing.push(() => rm(folder, { recursive: true }))
  const [server, client] = [selfSigned('server'), selfSigned('client')]
  const files = { ca_file: join(folder, 'ca'), cert_file: join(folder, 'cert'), key_file: join(folder, 'key') }
  await Promise.all([
    writeFile(files.ca_file, server.cert),
    writeFile(files.cert_file, client.cert),
    writeFile(files.key_file, client.key),
  ])
  const pair = { private_key: Buffer.from(server.key), cert_chain: Buffer.from(server.cert) }
  const receiver = await grpcReceiver(ServerCredentials.createSsl(Buffer.from(client.cert), [pair], true))
  closing.push(() => receiver.stop())
  const secure = { ...receiver, url: receiver.url.replace('grpc:', 'grpcs:') }
  const send = async (tls: Written['tls'] & object): Promise<readonly unknown[]> =>
    (await sinkFor(secure, { tls, timeout: '3s' })).send(eventBatch(numberedEvents(1, 'e'), 't'), never)
  expect(await send(files)).toEqual([])
  const pairOnly = { cert_file: files.cert_file, key_file: files.key_file }
  expect(await send({ ...pairOnly, verify: false })).toEqual([])
  expect(await send(pairOnly)).toMatchObject([{ is: 'retry' }])
  expect(await send({ ca_file: files.ca_file })).toMatchObject([{ is: 'retry' }])
})

test.each([
  ['http://c', 'logs', 'http://c:4318/v1/logs'],
  ['http://c:80/otlp/', 'metrics', 'http://c/otlp/v1/metrics'],
  ['https://c/otlp', 'logs', 'https://c/otlp/v1/logs'],
  ['http://[::1]:9/v1/logs', 'logs', 'http://[::1]:9/v1/logs'],
] as const)('%s for %s is %s', (url, signal, expected) => {
  expect(endpointOf({ url, signal })).toBe(expected)
})

test.each([
  [{ url: 'ftp://x' }, 'grpc://'],
  [{ headers: { 'grpc-timeout': '1' } }, "can't be set here"],
  [{ tls: { verify: false } }, 'write grpcs:// or https://'],
  [{ fields_mapping: { Nothing: 'x' } }, 'there is no field `Nothing`'],
  [{ include: ['x'] }, 'there is no metric x'],
])('the settings %j are refused', (written, message) => {
  expect(() => configFrom(otlpSchema, { url: 'grpc://127.0.0.1', ...written })).toThrow(message)
})
