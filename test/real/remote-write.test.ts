// Flow metrics pushed to the remote-write receivers of a real Prometheus: 2.42 (1.0) and 3.11 (2.0 and 1.0).
import { afterEach, describe, expect, test, type TestContext } from 'vitest'
import { remoteWriteSchema } from '../../src/connectors/remote-write/config.ts'
import { sink as remoteWrite } from '../../src/connectors/remote-write/sink.ts'
import type { Sink } from '../../src/engine/contracts.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { testContext } from '../conformance/batches.ts'
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
