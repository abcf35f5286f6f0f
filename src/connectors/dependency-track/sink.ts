import type { Context, Preview, Sink, SinkBatch } from '../../engine/contracts.ts'
import { defineSink } from '../../engine/define.ts'
import { deliverInOrder } from '../../engine/delivery/in-order.ts'
import { noFlows, sinkRows, type SinkRow } from '../../engine/delivery/rows.ts'
import { messageOf } from '../../model/errors.ts'
import { insightsMessage, insightsTypes, type ImageReport } from '../../model/insights.ts'
import type { Failure } from '../../model/outcome.ts'
import { DependencyTrack } from './client.ts'
import type { DependencyTrackConfig, dependencyTrackSchema } from './config.ts'
import { uploadOf, type Rejected, type Upload } from './map.ts'

export const sink = defineSink<typeof dependencyTrackSchema>('dependency-track', {
  accepts: ['events'],
  idempotency: 'id',
  build: openDependencyTrack,
})

export async function openDependencyTrack(config: DependencyTrackConfig, context: Context): Promise<Sink> {
  const server = await DependencyTrack.open(config, context)
  return {
    async send(batch, signal) {
      const filtered: Failure[] = []
      const options = {
        window: config.concurrency,
        budgetMs: config.timeout,
        clock: context.host.clock,
        signal,
      }
      const failures = await deliverInOrder(sinkRows(batch, noFlows), options, async (row) => {
        const upload = uploadOfRow(row, config)
        if (typeof upload === 'string') {
          filtered.push({ index: row.index, is: 'filter', reason: upload, rows: Uint32Array.of(row.index) })
          return undefined
        }
        return 'is' in upload ? upload : server.upload(upload, signal)
      })
      return [...failures, ...filtered].sort((a, b) => a.index - b.index)
    },
    *preview(batch: SinkBatch): Generator<Preview> {
      for (const row of sinkRows(batch, noFlows)) {
        const upload = uploadOfRow(row, config)
        if (typeof upload === 'string') yield { problem: `not sent: ${upload}` }
        else if ('is' in upload) yield { problem: upload.reason }
        else
          yield {
            to: `${config.url} ${[...upload.parents, upload.name].join(' / ')} ${upload.version}`,
            headers: {},
            body: Buffer.from(upload.bom, 'base64'),
          }
      }
    },
    probe: (signal) => server.probe(signal),
    close: () => Promise.resolve(server.close()),
  }
}

function uploadOfRow({ event }: SinkRow, config: DependencyTrackConfig): Upload | string | Rejected {
  if (event.type !== insightsTypes.report || event.data === undefined) return 'not_insights'
  try {
    const message = insightsMessage(event.data)
    return message.type === 'sbom' ? uploadOf(message as ImageReport, config) : 'not_sbom'
  } catch (error) {
    return { is: 'reject', reason: `the event is unreadable: ${messageOf(error)}` }
  }
}
