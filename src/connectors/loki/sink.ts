import type { Context, Preview, Sink, SinkBatch } from '../../engine/contracts.ts'
import { withBehindFailed } from '../../engine/delivery/behind-failed.ts'
import { defineSink } from '../../engine/define.ts'
import { LokiClient } from './client.ts'
import type { LokiConfig, lokiSchema } from './config.ts'
import { mapBatches, type MapBatch } from './map.ts'
import { Delivery } from './sink-delivery.ts'
import { Isolation } from './sink-isolation.ts'

export const sink = defineSink<typeof lokiSchema>('loki', {
  accepts: ['events', 'flows'],
  idempotency: 'id',
  build: openLoki,
})

async function openLoki(config: LokiConfig, context: Context): Promise<Sink> {
  const client = await LokiClient.open(config, context)
  const map = mapBatches(config)
  const isolation = new Isolation(context.host.clock)
  return {
    async send(batch, signal) {
      const { entries, streams, failures } = map(batch)
      const delivery = new Delivery({ config, context, client, isolation, entries, streams, signal })
      await delivery.deliver()
      // Loki drops those that it has.
      return withBehindFailed(batch, [...failures, ...delivery.failures])
    },
    probe: (signal) => client.probe(signal),
    preview: (batch) => previewOf(client.url, map, batch),
    close: () => Promise.resolve(client.close()),
  }
}

function* previewOf(url: string, map: MapBatch, batch: SinkBatch): Generator<Preview> {
  const { entries, streams, failures } = map(batch)
  const problems = new Map(failures.map((failure) => [failure.index, failure.reason]))
  const rowOf = new Map(Array.from({ length: entries.count }, (_, row) => [entries.index[row] ?? 0, row]))
  for (let index = 0; index < batch.count; index++) {
    const row = rowOf.get(index)
    yield row === undefined
      ? { problem: problems.get(index) ?? 'no line' }
      : {
          to: url,
          headers: { stream: streams.texts[entries.stream[row] ?? 0] ?? '' },
          body: Buffer.from(entries.line(row)),
        }
  }
}
