import type { Context, Preview, Sink, SinkBatch } from '../../engine/contracts.ts'
import { behindKey } from '../../engine/delivery/in-order.ts'
import { defineSink } from '../../engine/define.ts'
import type { Failure } from '../../model/outcome.ts'
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
      return withKeys(batch, [...failures, ...delivery.failures])
    },
    probe: (signal) => client.probe(signal),
    preview: (batch) => previewOf(client.url, map, batch),
    close: () => Promise.resolve(client.close()),
  }
}

/** Later events of a failed key are sent again; Loki drops those that it has. */
function withKeys({ pieces }: SinkBatch, failures: readonly Failure[]): Failure[] {
  const all = [...failures].sort((a, b) => a.index - b.index)
  if (all.length === 0) return all
  const failed = new Map(all.map((failure) => [failure.index, failure]))
  const keys = new Set<string>()
  let index = 0
  for (const { batch, rows } of pieces) {
    for (const row of rows) {
      const at = index++
      const key = batch.kind === 'events' ? (batch.dictionary[batch.key[row] ?? 0] ?? '') : ''
      if (key === '') continue
      if (failed.has(at)) keys.add(key)
      else if (keys.has(key)) all.push({ index: at, is: 'retry', reason: behindKey(key) })
    }
  }
  return all.sort((a, b) => a.index - b.index)
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
