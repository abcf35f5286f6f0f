// Flow metrics pushed to the remote-write receiver of a real Prometheus.
import { afterEach, describe, expect, test, type TestContext } from 'vitest'
import { remoteWriteSchema } from '../../src/connectors/remote-write/config.ts'
import { sink as remoteWrite } from '../../src/connectors/remote-write/sink.ts'
import type { Sink } from '../../src/engine/contracts.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { testContext } from '../conformance/batches.ts'
import { flowSinkBatch, metricFlows } from '../kit/metric-flows.ts'
import { proves } from '../kit/proof.ts'
import { versionOf } from './install/apt.ts'
import { prometheus as program } from './install/prometheus.ts'
import { expectFlowSums } from './kit/metric-sums.ts'
import { need } from './kit/need.ts'
import { startPrometheus, type PrometheusServer } from './kit/prometheus.ts'

const never = new AbortController().signal
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function scene(
  context: TestContext,
  written: Partial<WrittenConfigOf<typeof remoteWriteSchema>> = {},
): Promise<{ server: PrometheusServer; sink: Sink }> {
  const server = await startPrometheus(await need(context, program))
  closing.push(() => server[Symbol.asyncDispose]())
  return { server, sink: await open(server, written) }
}

async function open(
  server: PrometheusServer,
  written: Partial<WrittenConfigOf<typeof remoteWriteSchema>>,
): Promise<Sink> {
  const config = configFrom(remoteWriteSchema, { url: `${server.url}/api/v1/write`, ...written })
  const sink = await remoteWrite.build(config, testContext())
  closing.push(() => sink.close())
  return sink
}

describe('remote-write', () => {
  proves('sink', { system: 'remote-write', server: 'Prometheus', version: () => versionOf(program) })

  test('pushed sums are those of the flows, in PromQL', async (context) => {
    const { server, sink } = await scene(context, { labels: { instance: 'weir-0' } })
    const records = metricFlows(5000, 11)
    for (let from = 0; from < records.length; from += 500)
      expect(await sink.send(flowSinkBatch(records.slice(from, from + 500), `t${from}`), never)).toEqual([])
    await expectFlowSums(server, records)
    const [found] = await server.query('count by (instance) (netobserv_workload_flows_total)')
    expect(found?.labels).toEqual({ instance: 'weir-0' })
    expect((await sink.probe?.(never))?.is).toBe('ok')
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
