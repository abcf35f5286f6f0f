import type { Context, Preview, Sink, SinkBatch } from '../../engine/contracts.ts'
import { withBehindFailed } from '../../engine/delivery/behind-failed.ts'
import { defineSink } from '../../engine/define.ts'
import { deliverInHalves } from '../../engine/delivery/in-halves.ts'
import { InfluxClient } from './client.ts'
import type { InfluxdbConfig, influxdbSchema } from './config.ts'
import { linesOf } from './map.ts'
import type { Drop } from './map-line.ts'

export const sink = defineSink<typeof influxdbSchema>('influxdb', {
  accepts: ['events', 'flows'],
  idempotency: 'id',
  build: openInfluxdb,
})

async function openInfluxdb(config: InfluxdbConfig, context: Context): Promise<Sink> {
  const client = await InfluxClient.open(config, context)
  const lines = linesOf(config)
  const drop: Drop = (reason) =>
    context.metrics.count('weir_influxdb_dropped_values_total', 1, { sink: context.id, reason })
  return {
    async send(batch, signal) {
      const { request_lines: rows, request_bytes: bytes, timeout: budgetMs } = config
      const options = { limits: { rows, bytes }, budgetMs, clock: context.host.clock, signal }
      const failures = await deliverInHalves(lines(batch, drop), options, (parts) => client.write(parts, signal))
      // A line that is written again replaces itself.
      return withBehindFailed(batch, failures)
    },
    probe: (signal) => client.probe(signal),
    *preview(batch: SinkBatch): Generator<Preview> {
      for (const line of lines(batch, () => {}))
        yield 'is' in line ? { problem: line.reason } : { to: client.url, body: line.bytes }
    },
    close: () => Promise.resolve(client.close()),
  }
}
