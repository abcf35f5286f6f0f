// Flow metrics pushed to the remote-write receivers of a real Prometheus: 2.42 (1.0) and 3.11 (2.0 and 1.0).
import { afterEach, describe, expect, test, type TestContext } from 'vitest'
import { remoteWritePointsSchema, remoteWriteSchema } from '../../src/connectors/remote-write/config.ts'
import { sink as remoteWrite } from '../../src/connectors/remote-write/sink.ts'
import { sink as points } from '../../src/connectors/remote-write/sink-remote-write-points.ts'
import type { Context, Sink } from '../../src/engine/contracts.ts'
import type { WeirEvent } from '../../src/model/events.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { eventBatch, numberedEvents, testContext } from '../conformance/batches.ts'
import { flowSinkBatch, metricFlows } from '../kit/metric-flows.ts'
import { proves } from '../kit/proof.ts'
import { versionOf } from './install/apt.ts'
import { findPrometheusGo, prometheusGo } from './install/prometheus-go.ts'
import { prometheus as program } from './install/prometheus.ts'
import { expectFlowSums } from './kit/metric-sums.ts'
import { need } from './kit/need.ts'
import { startPrometheus, type PrometheusServer } from './kit/prometheus.ts'

const never = new AbortController().signal
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

type Written = Partial<WrittenConfigOf<typeof remoteWriteSchema>>
type Scene = (context: TestContext, written?: Written) => Promise<{ server: PrometheusServer; sink: Sink }>

const debian: Scene = async (context, written) => scene(await need(context, program), written)
const newest: Scene = async (context, written) => {
  const found = findPrometheusGo()
  return found.path === undefined ? context.skip(found.reason) : scene(found.path, written)
}

async function scene(path: string, written: Written = {}): Promise<{ server: PrometheusServer; sink: Sink }> {
  const server = await startPrometheus(path)
  closing.push(() => server[Symbol.asyncDispose]())
  return { server, sink: await open(server, written) }
}

/** `aheadMs`: of a clock that is wrong. */
async function open(server: PrometheusServer, written: Written, aheadMs = 0): Promise<Sink> {
  const config = configFrom(remoteWriteSchema, { url: `${server.url}/api/v1/write`, ...written })
  const context = testContext()
  const { clock } = context.host
  const wrong = { now: () => clock.now() + aheadMs, monotonic: () => clock.monotonic() }
  const sink = await remoteWrite.build(config, { ...context, host: { ...context.host, clock: { ...clock, ...wrong } } })
  closing.push(() => sink.close())
  return sink
}

const byOwner: Written = {
  include: [],
  custom: [{ name: 'flows_total', labels: ['SrcK8S_OwnerName'], remap: { SrcK8S_OwnerName: 'w' } }],
}

describe.each([
  { version: '1.0', server: 'Prometheus', scene: debian, found: () => versionOf(program) },
  { version: '2.0', server: 'Prometheus 3', scene: newest, found: () => prometheusGo.version },
])('remote-write $version', ({ version, server: name, scene, found }) => {
  proves('sink', { system: 'remote-write', server: name, part: version, version: found })

  test('pushed sums are those of the flows, in PromQL', async (context) => {
    const { server, sink } = await scene(context, { labels: { instance: 'weir-0' } })
    const records = metricFlows(5000, 11)
    for (let from = 0; from < records.length; from += 500)
      expect(await sink.send(flowSinkBatch(records.slice(from, from + 500), `t${from}`), never)).toEqual([])
    await expectFlowSums(server, records)
    const [found] = await server.query('count by (instance) (netobserv_workload_flows_total)')
    expect(found?.labels).toEqual({ instance: 'weir-0' })
    expect(await sink.probe?.(never)).toMatchObject({
      is: 'ok',
      message: expect.stringContaining(`remote write ${version}`) as string,
    })
  })

  test('series with newer samples are refused alone; all others are stored, also from later flows', async (context) => {
    const { server, sink } = await scene(context, byOwner)
    const flows = (from: number, count: number): object[] =>
      Array.from({ length: count }, (_, n) => ({ SrcK8S_OwnerName: `w${from + n}`, Proto: 6 }))
    // Another instance with the same labels and a clock that is five minutes ahead.
    const other = await open(server, byOwner, 300_000)
    expect(await other.send(flowSinkBatch([...flows(100, 3), ...flows(900, 1)], 'o'), never)).toEqual([])

    const failures = await sink.send(flowSinkBatch(flows(0, 1000), 'a'), never)
    expect(failures.map(({ index, is }) => `${index} ${is}`)).toEqual(
      [100, 101, 102, 900].map((index) => `${index} reject`),
    )
    expect(failures[0]?.reason).toMatch(/netobserv_flows_total\{w="w100"\}.*HTTP 400.*out of order sample/)
    expect(await sink.send(flowSinkBatch(flows(0, 100), 'b'), never)).toEqual([])
    expect(await server.sum('netobserv_flows_total')).toBe(996 + 100)
    const stored = await server.query('count(netobserv_flows_total)')
    expect(stored[0]?.value).toBe(996)
  })

  test('while Prometheus is down rows are retried, and each counts once afterwards', async (context) => {
    const { server, sink } = await scene(context)
    const records = metricFlows(1000, 12)
    expect(await sink.send(flowSinkBatch(records.slice(0, 500), 'a'), never)).toEqual([])
    await server.stop()
    const second = flowSinkBatch(records.slice(500), 'b')
    for (let attempt = 0; attempt < 3; attempt++) {
      const failures = await sink.send(second, never)
      expect(failures.map(({ is }) => is)).toEqual(records.slice(500).map(() => 'retry'))
    }
    await server.start()
    expect(await sink.send(second, never)).toEqual([])
    await expectFlowSums(server, records)
  })

  test('labels separate two instances that push the same series', async (context) => {
    const { server, sink } = await scene(context, { labels: { instance: 'a' } })
    const other = await open(server, { labels: { instance: 'b' } })
    const records = metricFlows(1000, 13)
    for (let from = 0; from < 1000; from += 100)
      expect(
        await (from % 200 === 0 ? sink : other).send(flowSinkBatch(records.slice(from, from + 100), `t${from}`), never),
      ).toEqual([])
    await expectFlowSums(server, records)
  })

  test('an ended series is stale at once', async (context) => {
    const { server, sink } = await scene(context, { interval: '1s', expiry: '2s', include: ['node_flows'] })
    expect(await sink.send(flowSinkBatch(metricFlows(10, 14), 'a'), never)).toEqual([])
    await expect.poll(() => server.sum('netobserv_node_flows_total'), { timeout: 30_000 }).toBe(10)
    await expect.poll(() => server.query('netobserv_node_flows_total'), { timeout: 30_000 }).toEqual([])
  })
})

test('remote-write-points: samples as received; one poison in 1,000 is one dead letter with the reason', async (context) => {
  const server = await startPrometheus(await need(context, program))
  closing.push(() => server[Symbol.asyncDispose]())
  const config = configFrom(remoteWritePointsSchema, { url: `${server.url}/api/v1/write`, labels: { site: 'west' } })
  const dropped: number[] = []
  const metrics = { count: (_: string, by: number) => dropped.push(by), set: () => undefined }
  const sink = await points.build(config, { ...testContext(), metrics } as Context)
  closing.push(() => sink.close())
  const now = Math.floor(Date.now() / 1000) * 1000
  const point = (id: number, data: object, time = now): WeirEvent => ({
    ...numberedEvents(1, `p${id}-`)[0]!,
    family: 'point',
    time,
    data: Buffer.from(JSON.stringify(data)),
  })
  const counter = (id: number): object => ({ name: 'jobs_total', labels: { id: `n${id}` }, fields: { value: id } })
  const never = new AbortController().signal
  expect(await sink.send(eventBatch([point(-1, counter(500), now + 5000)], 'a'), never)).toEqual([])
  // Series n500 has a newer sample.
  const batch = eventBatch(
    Array.from({ length: 1000 }, (_, id) => point(id, counter(id))),
    'b',
  )
  for (let time = 0; time < 2; time++) {
    const failures = await sink.send(batch, never)
    expect(failures.map(({ index, is }) => [index, is])).toEqual([[500, 'reject']])
    expect(failures[0]?.reason).toMatch(/^HTTP 400: out of order sample/)
  }
  expect(await server.sum('count(jobs_total{site="west"} offset -10s)')).toBe(1000)
  expect(await server.sum('sum(jobs_total{id!="n500"} offset -10s)')).toBe((999 * 1000) / 2 - 500)

  const wide = { name: 'tick 1', labels: { 'a b': 'x', empty: '' }, fields: { price: 1.5, up: true, note: 'hi' } }
  const special = { name: 'odd', fields: {}, special: { value: '+Inf' } }
  expect(
    await sink.send(eventBatch([point(1, wide), point(2, special), point(3, { name: 'no' })], 'c'), never),
  ).toEqual([{ index: 2, is: 'drop', reason: 'the row is no point' }])
  expect(dropped).toEqual([1])
  expect(await server.query('{__name__=~"tick_1_.*"} offset -10s')).toEqual(
    [1.5, 1].map((value, at) => ({
      labels: { __name__: ['tick_1_price', 'tick_1_up'][at], a_b: 'x', site: 'west' },
      value,
    })),
  )
  expect(await server.sum('odd offset -10s == bool +Inf')).toBe(1)
})
