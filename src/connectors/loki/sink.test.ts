import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventBatch, flowBatch, numberedEvents, testContext } from '../../../test/conformance/batches.ts'
import { selfSigned } from '../../../test/kit/certificate.ts'
import { startLokiServer, type LokiAnswer, type LokiServer, type PushRequest } from '../../../test/kit/loki-server.ts'
import { NetObservReader } from '../../codecs/netobserv-json/index.ts'
import type { Sink, SinkBatch } from '../../engine/contracts.ts'
import type { Failure } from '../../model/outcome.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { lokiSchema } from './config.ts'
import { sink as loki } from './sink.ts'

const never = new AbortController().signal
const start = 1_700_000_000_000

async function serve(respond?: (request: PushRequest) => LokiAnswer): Promise<LokiServer> {
  const server = await startLokiServer()
  onTestFinished(() => server.stop())
  if (respond !== undefined) server.respond = respond
  return server
}

async function open(
  url: string,
  written: Partial<WrittenConfigOf<typeof lokiSchema>> = {},
  context = testContext(),
): Promise<Sink> {
  const sink = await loki.build(configFrom(lokiSchema, { url, ...written }), context)
  onTestFinished(() => sink.close())
  return sink
}

type Flow = Readonly<Record<string, unknown>>

/** Rows with NetObserv's keys, as one frame. */
function batchOf(flows: readonly Flow[]): SinkBatch {
  const builder = new FlowBuilder()
  const reader = new NetObservReader(builder)
  for (const flow of flows) reader.read(JSON.stringify(flow))
  const { batch } = flowBatch(flows.length, 't')
  return { ...batch, pieces: batch.pieces.map((piece) => ({ ...piece, batch: builder.batch() })) }
}

const flow = (n: number, more: Flow = {}): Flow => ({
  SrcAddr: '10.0.0.1',
  DstAddr: '10.0.0.2',
  Proto: 6,
  Etype: 2048,
  SrcPort: n,
  Bytes: 1000 + n,
  TimeFlowEndMs: start + n,
  SrcK8S_Namespace: 'shop',
  FlowDirection: 1,
  ...more,
})

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)
const kinds = (failures: readonly Failure[]): [number, string][] => failures.map(({ index, is }) => [index, is])
const portsOf = (server: LokiServer): number[] =>
  [...server.held.values()]
    .map(({ line }) => Number((JSON.parse(line) as { SrcPort: number }).SrcPort))
    .sort((a, b) => a - b)

test('a stream has a separate push while it is new, or its entries are late or many; others share one', async () => {
  const server = await serve()
  const context = testContext()
  let [now, monotonic] = [start + 1000, 0]
  const clock = { now: () => now, monotonic: () => monotonic }
  const sink = await open(server.url, {}, { ...context, host: { ...context.host, clock } })
  const flows = (more: Flow = {}): Flow[] => upTo(40).map((n) => flow(n, { SrcK8S_Namespace: `ns${n % 4}`, ...more }))
  const pushes = async (...batch: readonly Flow[]): Promise<number> => {
    const before = server.requests.length
    expect(await sink.send(batchOf(batch), never)).toEqual([])
    return server.requests.length - before
  }
  expect(await pushes(...flows())).toBe(4)
  expect(await pushes(...flows())).toBe(1)
  expect(await pushes(...flows(), flow(50, { SrcK8S_Namespace: 'other' }))).toBe(2)
  // Late: their own push for each stream of the late entries.
  expect(await pushes(...flows(), flow(51, { SrcK8S_Namespace: 'ns1', TimeFlowEndMs: start - 3_600_000 }))).toBe(2)
  const many = upTo(300).map((n) => flow(n, { SrcK8S_Namespace: 'ns2', DstK8S_Name: 'x'.repeat(4000) }))
  expect(await pushes(...flows(), ...many)).toBe(2)
  monotonic += 1000
  expect(await pushes(...flows())).toBe(1)
  // Loki may have forgotten them.
  monotonic += 3_600_000
  now += 3_600_000
  expect(await pushes(...flows({ TimeFlowEndMs: now }))).toBe(4)
})

describe.each(['protobuf', 'json'] as const)('loki with %s', (encoding) => {
  test("a flow has NetObserv's labels, and a line with sorted keys and without them", async () => {
    const server = await serve()
    const sink = await open(server.url, { encoding })
    const named = {
      SrcK8S_OwnerName: 'cart "1"',
      DstK8S_Type: 'Service',
      K8S_FlowLayer: 'app',
      SrcK8S_Zone: 'eu\\1',
      K8S_ClusterName: 'prod',
      _RecordType: 'flowLog',
      DstK8S_Name: 'd\u00fcsseldorf \u{1f600}',
      TimeFlowRttNs: 18_446_744_073_709_551_615n.toString(),
      Rack: 7,
    }
    expect(await sink.send(batchOf([flow(1, named)]), never)).toEqual([])
    const [entry] = server.arrived
    expect(entry?.labels).toBe(
      '{DstK8S_Type="Service", FlowDirection="1", K8S_ClusterName="prod", K8S_FlowLayer="app", ' +
        'SrcK8S_Namespace="shop", SrcK8S_OwnerName="cart \\"1\\"", SrcK8S_Zone="eu\\\\1", ' +
        '_RecordType="flowLog", app="netobserv-flowcollector"}',
    )
    expect(entry?.line).toBe(
      '{"Bytes":1001,"DstAddr":"10.0.0.2","DstK8S_Name":"d\u00fcsseldorf \u{1f600}","Etype":2048,"Proto":6,"Rack":7,' +
        `"SrcAddr":"10.0.0.1","SrcPort":1,"TimeFlowEndMs":${start + 1},"TimeFlowRttNs":18446744073709551615}`,
    )
    expect(entry?.time.slice(0, 13)).toBe(String(start + 1))
  })

  test('the entries of each stream are in order of time', async () => {
    const server = await serve()
    const sink = await open(server.url, { encoding })
    const flows = upTo(100).map((n) =>
      flow((n * 37) % 100, { SrcK8S_Namespace: `ns${n % 3}`, ...(n === 50 ? { TimeFlowEndMs: undefined } : {}) }),
    )
    expect(await sink.send(batchOf(flows), never)).toEqual([])
    const last = new Map<string, string>()
    for (const { labels, time } of server.arrived) {
      expect(time > (last.get(labels) ?? '')).toBe(true)
      last.set(labels, time)
    }
    expect([last.size, server.held.size]).toEqual([3, 100])
  })

  test('equal flows stay two entries, and a repeated send adds none', async () => {
    const server = await serve()
    const sink = await open(server.url, { encoding })
    const batch = batchOf([flow(1), flow(1), flow(1)])
    for (let time = 0; time < 2; time++) expect(await sink.send(batch, never)).toEqual([])
    expect([server.arrived.length, server.held.size]).toEqual([6, 3])
  })

  test('an event is a CloudEvent in a stream of its family, source and type', async () => {
    const server = await serve()
    const sink = await open(server.url, { encoding })
    const [event] = numberedEvents(1, 'e')
    if (event === undefined) throw new Error('no event')
    const audit = { ...event, family: 'audit', time: start + 0.75 } as const
    expect(await sink.send(eventBatch([audit], 't'), never)).toEqual([])
    const [entry] = server.arrived
    expect(entry).toMatchObject({
      labels: '{app="weir", family="audit", source="/conformance", type="io.weir.test"}',
      time: `${start}750000`,
    })
    expect(JSON.parse(entry?.line ?? '')).toMatchObject({ id: 'e0', specversion: '1.0', data: { number: 0 } })
  })

  test('requests stay below their size; a larger line is sent alone', async () => {
    const server = await serve()
    const sink = await open(server.url, { encoding, request_bytes: '2KiB' })
    const flows = upTo(40).map((n) => flow(n, n === 20 ? { DstK8S_Name: 'x'.repeat(5000) } : {}))
    expect(await sink.send(batchOf(flows), never)).toEqual([])
    const sizes = server.requests.map(({ entries }) => entries.reduce((sum, { line }) => sum + line.length, 0))
    expect(sizes.filter((size) => size > 2048)).toHaveLength(1)
    expect(server.requests.find(({ entries }) => entries.length === 1)?.entries[0]?.line.length).toBeGreaterThan(5000)
    expect(portsOf(server)).toEqual(upTo(40))
  })
})

test('case 45: 429 twice and then 204 delivers each flow once, in order; 400 rejects only its flow', async () => {
  const statuses = [429, 429, 204]
  const server = await serve(() => ({ status: statuses.shift() ?? 204, headers: { 'retry-after': '3' } }))
  const sink = await open(server.url)
  const batch = batchOf(upTo(20).map((n) => flow(n)))
  for (let attempt = 0; attempt < 2; attempt++) {
    const failures = await sink.send(batch, never)
    expect(kinds(failures)).toEqual(upTo(20).map((index) => [index, 'retry']))
    expect(failures[0]).toMatchObject({ afterMs: 3000, reason: expect.stringContaining('HTTP 429') as string })
  }
  expect(await sink.send(batch, never)).toEqual([])
  expect(server.arrived).toHaveLength(20)
  expect(portsOf(server)).toEqual(upTo(20))

  server.respond = ({ entries }) => {
    const bad = entries.filter(({ line }) => line.includes('"SrcPort":31,'))
    const stored = entries.filter((entry) => !bad.includes(entry))
    return bad.length === 0 ? { status: 204 } : { status: 400, text: 'no reason to parse', stored }
  }
  const rejected = await sink.send(batchOf(upTo(40).map((n) => flow(n))), never)
  expect(rejected).toEqual([{ index: 31, is: 'reject', reason: `${server.url}: HTTP 400: no reason to parse` }])
  expect(portsOf(server)).toEqual([...upTo(20), ...upTo(40).filter((n) => n !== 31)].sort((a, b) => a - b))
})

describe('a rejection of Loki is traced to its entries in few requests', () => {
  const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z')

  async function rejected(
    flows: readonly Flow[],
    judge: (entry: { readonly line: string; readonly time: string; readonly labels: string }) => string | undefined,
  ): Promise<{ failures: readonly Failure[]; requests: number; held: number }> {
    const server = await serve(({ entries }) => {
      const found = entries.flatMap((entry) => judge(entry) ?? [])
      const stored = entries.filter((entry) => judge(entry) === undefined)
      return found.length === 0 ? { status: 204 } : { status: 400, text: [...new Set(found)].join('\n'), stored }
    })
    const sink = await open(server.url)
    const failures = await sink.send(batchOf(flows), never)
    return { failures, requests: server.requests.length, held: server.held.size }
  }

  test('lines that are too long', async () => {
    const flows = upTo(50).map((n) => flow(n, n % 10 === 3 ? { DstK8S_Name: 'x'.repeat(300) } : {}))
    const { failures, requests, held } = await rejected(flows, ({ line, labels }) =>
      line.length > 256
        ? `max entry size '256' bytes exceeded for stream '${labels}' while adding an entry with length '257' bytes`
        : undefined,
    )
    expect(kinds(failures)).toEqual([3, 13, 23, 33, 43].map((index) => [index, 'reject']))
    expect([requests, held]).toEqual([2, 45])
  })

  test('entries that are too old or too new', async () => {
    const flows = upTo(300).map((n) => flow(n, { TimeFlowEndMs: start + n * 10_000, SrcK8S_Namespace: `ns${n % 4}` }))
    const [old, young] = [start + 1_000_000, start + 2_500_000]
    const { failures, requests, held } = await rejected(flows, ({ time, labels }) => {
      const ms = Number(time.slice(0, 13))
      if (ms < old)
        return (
          `entry for stream '${labels}' has timestamp too old: ${iso(ms)}, ` +
          `oldest acceptable timestamp is: ${iso(old)}`
        )
      return ms > young ? `entry for stream '${labels}' has timestamp too new: ${iso(ms)}` : undefined
    })
    expect(kinds(failures)).toEqual(upTo(300).flatMap((n) => (n < 100 || n > 250 ? [[n, 'reject']] : [])))
    expect(held).toBe(151)
    expect(requests).toBeLessThan(20)
  })

  test('entries behind the newest of their stream', async () => {
    const flows = upTo(400).map((n) => flow(n, { TimeFlowEndMs: start + n * 60_000, SrcK8S_Namespace: `ns${n % 2}` }))
    const cutoff = start + 200 * 60_000
    const { failures, requests, held } = await rejected(flows, ({ time, labels }) => {
      const ms = Number(time.slice(0, 13))
      return labels.includes('ns1') && ms < cutoff
        ? `entry with timestamp ${iso(ms)} ignored, reason: 'entry too far behind, entry timestamp is: ${iso(ms)}, ` +
            `oldest acceptable timestamp is: ${iso(cutoff)}',\n` +
            `user 'x', total ignored: 1 out of 2 for stream: ${labels}`
        : undefined
    })
    expect(kinds(failures)).toEqual(upTo(400).flatMap((n) => (n % 2 === 1 && n < 200 ? [[n, 'reject']] : [])))
    expect(held).toBe(300)
    expect(requests).toBeLessThan(8)
  })

  test('streams with too many labels', async () => {
    const flows = upTo(60).map((n) => flow(n, { SrcK8S_Namespace: n % 6 === 0 ? 'bad' : 'good' }))
    const { failures, requests, held } = await rejected(flows, ({ labels }) =>
      labels.includes('bad') ? `stream '${labels}' has label value too long: 'bad'` : undefined,
    )
    expect(kinds(failures)).toEqual(upTo(60).flatMap((n) => (n % 6 === 0 ? [[n, 'reject']] : [])))
    expect([requests, held]).toEqual([2, 50])
  })
})

test('a request that is too large for the server is halved', async () => {
  const server = await serve(({ bodyBytes }) =>
    bodyBytes > 900 ? { status: 500, text: 'grpc: received message larger than max' } : { status: 204 },
  )
  const sink = await open(server.url)
  expect(await sink.send(batchOf(upTo(200).map((n) => flow(n))), never)).toEqual([])
  expect(portsOf(server)).toEqual(upTo(200))
  expect(server.requests.length).toBeGreaterThan(3)
})

test.each([
  [401, 'correct `auth`'],
  [403, 'correct `auth`'],
  [404, 'correct `url`'],
  [302, 'correct `url`'],
  [500, 'HTTP 500'],
  [503, 'HTTP 503'],
])('HTTP %i rejects nothing', async (status, remedy) => {
  const server = await serve(() => ({ status }))
  const sink = await open(server.url)
  const failures = await sink.send(batchOf([flow(1), flow(2)]), never)
  expect(kinds(failures)).toEqual([
    [0, 'retry'],
    [1, 'retry'],
  ])
  expect(failures[0]?.reason).toContain(remedy)
})

test('tenant, headers and a token that is renewed in its file are sent; a gateway path is kept', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-loki-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const token = join(folder, 'token')
  await writeFile(token, 'first\n')
  const server = await serve()
  const sink = await open(`${server.url}/api/logs/v1/network`, {
    tenant: 'network',
    headers: { 'x-site': 'edge' },
    auth: { type: 'bearer', token: `file:${token}` },
  })
  expect(await sink.send(batchOf([flow(1)]), never)).toEqual([])
  expect(server.requests[0]).toMatchObject({
    path: '/api/logs/v1/network/loki/api/v1/push',
    headers: {
      'x-scope-orgid': 'network',
      'x-site': 'edge',
      authorization: 'Bearer first',
      'content-type': 'application/x-protobuf',
    },
  })
  await writeFile(token, 'second\n')
  server.respond = ({ headers }) => ({ status: headers.authorization === 'Bearer second' ? 204 : 401 })
  const failures = await sink.send(batchOf([flow(2)]), never)
  expect(failures).toMatchObject([{ is: 'retry' }])
  expect(failures[0]?.reason).not.toContain('first')
  expect(await sink.send(batchOf([flow(2)]), never)).toEqual([])
})

test('a client certificate is sent, and a renewed certificate of the authority is used without a restart', async () => {
  const [old, renewed] = [selfSigned(), selfSigned()]
  const folder = await mkdtemp(join(tmpdir(), 'weir-loki-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = (name: string): string => join(folder, name)
  await Promise.all([
    writeFile(file('ca.pem'), old.cert),
    writeFile(file('cert.pem'), renewed.cert),
    writeFile(file('key.pem'), renewed.key),
  ])
  const server = await startLokiServer({
    cert: renewed.cert,
    key: renewed.key,
    ca: renewed.cert,
    requestCert: true,
    rejectUnauthorized: true,
  })
  onTestFinished(() => server.stop())
  const context = testContext()
  let now = 0
  const clock = { now: () => start, monotonic: () => now }
  const tls = { ca_file: file('ca.pem'), cert_file: file('cert.pem'), key_file: file('key.pem') }
  const sink = await open(server.url, { tls }, { ...context, host: { ...context.host, clock } })
  expect(await sink.send(batchOf([flow(1)]), never)).toMatchObject([
    { is: 'retry', reason: expect.stringContaining('certificate') as string },
  ])
  await writeFile(file('ca.pem'), renewed.cert)
  now = 31_000
  expect(await sink.send(batchOf([flow(1)]), never)).toEqual([])
})

test('the line of `codec: json` has the names of the registry', async () => {
  const server = await serve()
  const sink = await open(server.url, { codec: 'json', labels: ['src.ns'], static_labels: { 'a.b-c/d': 'x' } })
  expect(await sink.send(batchOf([flow(1)]), never)).toEqual([])
  expect(server.arrived[0]?.labels).toBe('{SrcK8S_Namespace="shop", a_b_c_d="x"}')
  expect(JSON.parse(server.arrived[0]?.line ?? '')).toMatchObject({ src_addr: '10.0.0.1', node_direction: 1 })
  expect(server.arrived[0]?.line).not.toContain('shop')
})

test.each([
  [{ labels: ['src_addr'] }, 'separate stream'],
  [{ labels: ['nothing'] }, 'is not a field'],
  [{ labels: ['src_namespace', 'SrcK8S_Namespace'] }, 'set twice'],
  [{ static_labels: {} }, 'without labels'],
  [{ event_labels: { type: 'x' } }, 'set twice'],
  [{ headers: { 'X-Scope-OrgID': 'x' } }, 'sets it itself'],
  [{ tls: {} }, 'plain http'],
])('the configuration %j is refused', (written, message) => {
  expect(() => configFrom(lokiSchema, { url: 'http://127.0.0.1:1', ...written })).toThrow(message)
})

test('a probe reports a Loki that is not ready, and a gateway without that page', async () => {
  const server = await serve()
  const sink = await open(server.url)
  expect(await sink.probe?.(never)).toMatchObject({ is: 'ok' })
  server.ready = () => 503
  expect(await sink.probe?.(never)).toMatchObject({ is: 'fail' })
  server.ready = () => 404
  server.respond = () => ({ status: 400, text: 'error at least one valid stream is required for ingestion' })
  expect(await sink.probe?.(never)).toMatchObject({ is: 'ok' })
  server.respond = () => ({ status: 401 })
  expect(await sink.probe?.(never)).toMatchObject({ is: 'fail', message: expect.stringContaining('auth') as string })
})
