import type { Context, Preview, Sink, SinkBatch } from '../../engine/contracts.ts'
import { withBehindFailed } from '../../engine/delivery/behind-failed.ts'
import { defineSink } from '../../engine/define.ts'
import { deliverInHalves } from '../../engine/delivery/in-halves.ts'
import { SearchClient } from './client.ts'
import type { ElasticsearchConfig, elasticsearchSchema } from './config.ts'
import { documentsOf } from './map.ts'

export const sink = defineSink<typeof elasticsearchSchema>('elasticsearch', {
  accepts: ['events', 'flows'],
  idempotency: 'id',
  build: openElasticsearch,
})

async function openElasticsearch(config: ElasticsearchConfig, context: Context): Promise<Sink> {
  const client = await SearchClient.open(config, context)
  const documents = documentsOf(config)
  return {
    async send(batch, signal) {
      const limits = { rows: Infinity, bytes: config.request_bytes }
      const options = { limits, budgetMs: config.timeout, clock: context.host.clock, signal }
      const failures = await deliverInHalves(documents(batch), options, (parts) => client.bulk(parts, signal))
      // A stored document that is sent again is a conflict, which counts as stored.
      return withBehindFailed(batch, failures)
    },
    probe: (signal) => client.probe(signal),
    *preview(batch: SinkBatch): Generator<Preview> {
      for (const document of documents(batch))
        yield 'is' in document
          ? { problem: document.reason }
          : { to: `${client.url}/${document.target}`, body: document.source }
    },
    close: () => Promise.resolve(client.close()),
  }
}
