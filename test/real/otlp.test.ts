// Logs and metrics in OpenTelemetry's collector, over gRPC and HTTP.
import { afterEach, describe, expect, test, type TestContext } from 'vitest'
import { otlpSchema } from '../../src/connectors/otlp/config.ts'
import { sink as otlp } from '../../src/connectors/otlp/sink.ts'
import type { Sink } from '../../src/engine/contracts.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { deliverAll } from '../conformance/deliver.ts'
import { eventBatch, numberedEvents, testContext } from '../conformance/batches.ts'
import { flowSinkBatch, metricFlows } from '../kit/metric-flows.ts'
import { prove } from '../kit/proof.ts'
import { collector, installCollector } from './install/otel-collector.ts'
import { startOtlpCollector, type OtlpCollector } from './kit/otlp-collector.ts'

const never = new AbortController().signal
const patience = { timeout: 60_000, interval: 100 }
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function scene(
  context: TestContext,
  over: 'grpc' | 'http',
  written: Partial<WrittenConfigOf<typeof otlpSchema>> = {},
): Promise<{ received: OtlpCollector; sink: Sink }> {
  const installed = await installCollector()
  if (installed.path === undefined) return context.skip(installed.reason)
  const received = await startOtlpCollector(installed.path)
  closing.push(() => received[Symbol.asyncDispose]())
  const signal = written.signal ?? 'logs'
  await prove(context.task.meta, 'sink', {
    system: 'otlp-sink',
    server: 'OpenTelemetry Collector',
    version: () => collector.version,
    part: `${signal} over ${over === 'grpc' ? 'gRPC' : 'HTTP'}`,
  })
  const sink = await otlp.build(configFrom(otlpSchema, { url: received[over], ...written }), testContext())
  closing.push(() => sink.close())
  return { received, sink }
}

describe('otlp', () => {
  describe.each(['grpc', 'http'] as const)('over %s', (over) => {
    test('flows and events are log records with attributes and time', async (context) => {
      const { received, sink } = await scene(context, over)
      const records = metricFlows(500, 21)
      expect(await sink.send(flowSinkBatch(records, 'f'), never)).toEqual([])
      expect(await sink.send(eventBatch(numberedEvents(5, 'e'), 'e'), never)).toEqual([])
      await expect.poll(() => received.logs().length, patience).toBe(505)
      const logs = received.logs()
      expect(logs[7]).toMatchObject({
        timestamp: '2023-11-14 22:13:25.007 +0000 UTC',
        severity: 'INFO Info(9)',
        attributes: {
          'source.address': records[7]?.['SrcAddr'],
          'destination.port': '443',
          bytes: String(records[7]?.Bytes),
          'source.k8s.namespace.name': records[7]?.SrcK8S_Namespace,
          'tcp.rtt': String(records[7]?.TimeFlowRttNs),
        },
      })
      expect(JSON.parse(logs[7]?.body ?? '')).toMatchObject(records[7]!)
      expect(logs.slice(500).map(({ body }) => body)).toEqual(numberedEvents(5, 'e').map((_, i) => `{"number":${i}}`))
      expect(logs[501]?.attributes).toMatchObject({ 'cloudevents.event_id': 'e1', 'weir.family': 'event' })
      expect((await sink.probe?.(never))?.is).toBe('ok')
    })

    test('metrics have the sums of the flows', async (context) => {
      const { received, sink } = await scene(context, over, {
        signal: 'metrics',
        include: ['node_ingress_bytes', 'node_rtt_seconds'],
      })
      const records = metricFlows(1000, 22)
      for (let from = 0; from < 1000; from += 250)
        expect(await sink.send(flowSinkBatch(records.slice(from, from + 250), `t${from}`), never)).toEqual([])
      const expected = records
        .filter(({ FlowDirection }) => FlowDirection !== 1)
        .reduce((sum, { Bytes, Sampling }) => sum + Bytes * Sampling, 0)
      /** The last point of each series. */
      const sum = (name: string): number =>
        [
          ...new Map(
            received
              .points()
              .filter((point) => point.name === name)
              .map((point) => [JSON.stringify(point.attributes), point.value]),
          ).values(),
        ].reduce((a, b) => a + b, 0)
      await expect.poll(() => sum('netobserv_node_ingress_bytes_total'), patience).toBe(expected)
      expect(sum('netobserv_node_rtt_seconds')).toBe(1000)
      expect(received.points().find(({ name }) => name === 'netobserv_node_ingress_bytes_total')).toMatchObject({
        unit: 'By',
        type: 'Sum',
        temporality: 'Cumulative',
      })
      expect(received.points().find(({ name }) => name === 'netobserv_node_rtt_seconds')).toMatchObject({
        unit: 's',
        type: 'Histogram',
      })
    })

    test('while the collector is down rows are retried, and then delivered', async (context) => {
      const { received, sink } = await scene(context, over)
      await deliverAll(sink, numberedEvents(10, 'a'))
      await received.stop()
      const failures = await sink.send(eventBatch(numberedEvents(10, 'b'), 'b'), never)
      expect(failures.map(({ is }) => is)).toEqual(Array(10).fill('retry'))
      expect((await sink.probe?.(never))?.is).toBe('fail')
      await received.start()
      await deliverAll(sink, numberedEvents(10, 'b'))
      await expect
        .poll(() => new Set(received.logs().map(({ attributes }) => attributes['log.record.uid'])).size, patience)
        .toBe(20)
    })
  })
})
