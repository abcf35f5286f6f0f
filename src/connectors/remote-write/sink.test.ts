import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { compressionsAlgorithms } from '@platformatic/kafka'
import { afterEach, expect, test } from 'vitest'
import { testContext } from '../../../test/conformance/batches.ts'
import { flowSinkBatch, metricFlows } from '../../../test/kit/metric-flows.ts'
import { ProtoMessage } from '../../../test/kit/proto-read.ts'
import type { Sink } from '../../engine/contracts.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { remoteWriteSchema } from './config.ts'
import { sink as remoteWrite } from './sink.ts'

const never = new AbortController().signal
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Pushed {
  readonly headers: IncomingHttpHeaders
  readonly series: { readonly labels: string; readonly sorted: boolean; readonly value: number; readonly at: number }[]
}

interface Scene {
  readonly sink: Sink
  readonly pushes: Pushed[]
  /** Status and body of later responses; undefined: 204. */
  answer: ((response: ServerResponse) => void) | undefined
}

function decoded(body: Uint8Array): Pushed['series'] {
  const bytes = compressionsAlgorithms.snappy.decompressSync(Buffer.from(body)) as Uint8Array
  return new ProtoMessage(bytes).messages(1).map((series) => {
    const labels = series.messages(1).map((label): [string, string] => [label.text(1), label.text(2)])
    const names = labels.map(([name]) => name)
    const sample = series.message(2)
    return {
      labels: labels.map(([name, value]) => `${name}=${value}`).join(' '),
      sorted: names.every((name, i) => i === 0 || name > (names[i - 1] ?? '')),
      value: sample.double(1),
      at: sample.number(2),
    }
  })
}

async function open(written: Partial<WrittenConfigOf<typeof remoteWriteSchema>> = {}): Promise<Scene> {
  const pushes: Pushed[] = []
  const server = createServer((request, response) => {
    const chunks: Uint8Array[] = []
    request
      .on('data', (chunk: Uint8Array) => chunks.push(chunk))
      .on('end', () => {
        pushes.push({ headers: request.headers, series: decoded(Buffer.concat(chunks)) })
        if (scene.answer === undefined) response.writeHead(204).end()
        else scene.answer(response)
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write`
  const settings = configFrom(remoteWriteSchema, { url, protocol: 'v1', ...written })
  const sink = await remoteWrite.build(settings, testContext())
  closing.push(() => sink.close())
  const scene: Scene = { sink, pushes, answer: undefined }
  return scene
}

const flows = {
  include: [],
  custom: [{ name: 'flows_total', labels: ['SrcK8S_Namespace'], remap: { SrcK8S_Namespace: 'ns' } }],
}
const one = (namespace: string): object => ({ SrcK8S_Namespace: namespace, Proto: 6 })

test('a push has sorted labels, those of the configuration, the tenant, and rising times', async () => {
  const { sink, pushes } = await open({
    ...flows,
    labels: { instance: 'weir-0', A: 'a', ns: 'hidden' },
    headers: { 'X-Scope-OrgID': 'network' },
    auth: { type: 'bearer', token: 'let-me-push' },
  })
  expect(await sink.send(flowSinkBatch([one('shop'), one('shop')], 'a'), never)).toEqual([])
  expect(await sink.send(flowSinkBatch([one('shop'), { Proto: 6 }], 'b'), never)).toEqual([])
  expect(pushes[0]?.headers).toMatchObject({
    'content-encoding': 'snappy',
    'content-type': 'application/x-protobuf',
    'x-prometheus-remote-write-version': '0.1.0',
    'x-scope-orgid': 'network',
    authorization: 'Bearer let-me-push',
  })
  const [first, second] = pushes.map(({ series }) => series)
  expect(first).toMatchObject([{ labels: 'A=a __name__=netobserv_flows_total instance=weir-0 ns=shop', value: 2 }])
  expect(second?.map(({ labels, value }) => [labels, value])).toEqual([
    ['A=a __name__=netobserv_flows_total instance=weir-0 ns=shop', 3],
    ['A=a __name__=netobserv_flows_total instance=weir-0 ns=hidden', 1],
  ])
  expect([...(first ?? []), ...(second ?? [])].every(({ sorted }) => sorted)).toBe(true)
  expect(second?.[0]?.at).toBeGreaterThan(first?.[0]?.at ?? 0)
})

test('only changed series are pushed with a batch; histograms are cumulative', async () => {
  const { sink, pushes } = await open({ include: ['node_rtt_seconds', 'node_flows'] })
  const flow = (node: string, ms: number): object => ({ SrcK8S_HostName: node, TimeFlowRttNs: ms * 1e6 })
  await sink.send(flowSinkBatch([flow('a', 1), flow('b', 1)], 'a'), never)
  await sink.send(flowSinkBatch([flow('b', 45)], 'b'), never)
  const last = pushes[1]?.series ?? []
  expect(last.every(({ labels }) => labels.includes('SrcK8S_HostName=b'))).toBe(true)
  const bucket = (le: string): number | undefined => last.find(({ labels }) => labels.endsWith(` le=${le}`))?.value
  expect([bucket('0.005'), bucket('0.04'), bucket('0.05'), bucket('+Inf')]).toEqual([1, 1, 2, 2])
  expect(last.find(({ labels }) => labels.includes('_rtt_seconds_sum'))?.value).toBeCloseTo(0.046)
  expect(last.every(({ sorted }) => sorted)).toBe(true)
})

test.each([
  [429, {}, ''],
  [503, { 'retry-after': '7' }, ''],
  [401, {}, 'correct `auth`'],
  [404, {}, '--web.enable-remote-write-receiver'],
  [413, {}, 'lower `request_samples`'],
])('HTTP %i is retried, and the next push has each flow once', async (status, headers, advice) => {
  const scene = await open(flows)
  scene.answer = (response) => response.writeHead(status, headers).end()
  const batch = flowSinkBatch([one('shop'), one('shop')], 'a')
  const failures = await scene.sink.send(batch, never)
  expect(failures).toMatchObject([
    { index: 0, is: 'retry' },
    { index: 1, is: 'retry' },
  ])
  expect(failures[0]?.reason).toContain(advice)
  if (status === 503) expect(failures[0]).toMatchObject({ afterMs: 7000 })
  scene.answer = undefined
  expect(await scene.sink.send(batch, never)).toEqual([])
  expect(scene.pushes.at(-1)?.series).toMatchObject([{ value: 2 }])
})

test('samples out of order are pushed again with a later time', async () => {
  const scene = await open(flows)
  scene.answer = (response) => response.writeHead(400).end('out of order sample\n')
  const batch = flowSinkBatch([one('shop')], 'a')
  const [failure] = await scene.sink.send(batch, never)
  expect(failure).toMatchObject({
    is: 'retry',
    reason: expect.stringContaining('give each its own `labels`') as string,
  })
  scene.answer = undefined
  expect(await scene.sink.send(batch, never)).toEqual([])
  const [before, after] = scene.pushes.map(({ series }) => series[0]?.at ?? 0)
  expect(after).toBeGreaterThan(before ?? 0)
})

test('a refused push is a dead letter with the reason; sent again, it counts once', async () => {
  const scene = await open(flows)
  scene.answer = (response) => response.writeHead(400).end('per-user series limit of 1 exceeded')
  const batch = flowSinkBatch([one('shop')], 'a')
  const [failure] = await scene.sink.send(batch, never)
  expect(failure).toMatchObject({
    is: 'reject',
    reason: expect.stringContaining('series limit of 1 exceeded') as string,
  })
  scene.answer = undefined
  expect(await scene.sink.send({ ...batch, token: 'again', retried: true }, never)).toEqual([])
  expect(await scene.sink.send(flowSinkBatch([one('shop')], 'b'), never)).toEqual([])
  expect(scene.pushes.at(-1)?.series).toMatchObject([{ value: 2 }])
})

test('many series are split into requests of the configured size', async () => {
  const { sink, pushes } = await open({ request_samples: 100, include: ['workload_flows'] })
  const records = Array.from({ length: 950 }, (_, i) => ({ SrcK8S_OwnerName: `w${i}` }))
  expect(await sink.send(flowSinkBatch(records, 'a'), never)).toEqual([])
  expect(pushes.map(({ series }) => series.length).sort((a, b) => a - b)).toEqual([50, ...Array(9).fill(100)])
  const times = new Set(pushes.flatMap(({ series }) => series.map(({ at }) => at)))
  expect(times.size).toBe(1)
})

test('series without new flows are pushed again, and end with a stale marker', async () => {
  const { sink, pushes } = await open({ ...flows, interval: '1s', expiry: '2s' })
  await sink.send(flowSinkBatch([one('shop')], 'a'), never)
  await expect.poll(() => pushes.length, { timeout: 20_000 }).toBeGreaterThan(1)
  expect(pushes[1]?.series).toMatchObject([{ value: 1 }])
  await expect.poll(() => pushes.at(-1)?.series[0]?.value, { timeout: 20_000 }).toBeNaN()
})

test('an unreachable server is a retry that names the address; a stopped sink sends nothing', async () => {
  const config = configFrom(remoteWriteSchema, { url: 'http://127.0.0.1:1/write', ...flows })
  const sink = await remoteWrite.build(config, testContext())
  closing.push(() => sink.close())
  const [failure] = await sink.send(flowSinkBatch([one('shop')], 'a'), never)
  expect(failure?.is).toBe('retry')
  expect(failure?.reason).toMatch(/127\.0\.0\.1:1: .*ECONNREFUSED/)
  expect((await sink.probe?.(never))?.is).toBe('fail')
  const scene = await open(flows)
  expect(await scene.sink.send(flowSinkBatch([one('shop')], 'a'), AbortSignal.abort())).toMatchObject([{ is: 'retry' }])
  expect(scene.pushes).toEqual([])
  expect((await scene.sink.probe?.(never))?.is).toBe('ok')
  expect([...(scene.sink.preview?.(flowSinkBatch(metricFlows(2, 1), 'p')) ?? [])]).toHaveLength(2)
})

test.each([
  [{ labels: { '0a': 'x' } }, "can't be a label"],
  [{ tls: { verify: false } }, 'the URL is plain http'],
  [{ include: ['x'] }, 'there is no metric x'],
])('the settings %j are refused', (written, message) => {
  expect(() => configFrom(remoteWriteSchema, { url: 'http://127.0.0.1/', ...written })).toThrow(message)
})
