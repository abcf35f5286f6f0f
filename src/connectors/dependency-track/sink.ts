import type { Context, Preview, Sink, SinkBatch } from '../../engine/contracts.ts'
import { defineSink } from '../../engine/define.ts'
import { deliverInOrder, type Attempt } from '../../engine/delivery/in-order.ts'
import { noFlows, sinkRows, type SinkRow } from '../../engine/delivery/rows.ts'
import { messageOf } from '../../model/errors.ts'
import { insightsMessage, insightsTypes, type ImageReport } from '../../model/insights.ts'
import type { Failure } from '../../model/outcome.ts'
import type { DependencyTrackConfig, dependencyTrackSchema } from './config.ts'
import { uploadOf, type Rejected } from './map.ts'
import { openTargets, type Targets } from './client-targets.ts'

export const sink = defineSink<typeof dependencyTrackSchema>('dependency-track', {
  accepts: ['events'],
  idempotency: 'id',
  build: openDependencyTrack,
})

export async function openDependencyTrack(config: DependencyTrackConfig, context: Context): Promise<Sink> {
  const targets = await openTargets(config, context)
  return {
    async send(batch, signal) {
      const filtered: Failure[] = []
      const options = {
        window: config.concurrency,
        budgetMs: config.timeout,
        clock: context.host.clock,
        signal,
      }
      const failures = await deliverInOrder(sinkRows(batch, noFlows), options, async (row): Promise<Attempt> => {
        const attempt = await attemptOf(row, { config, targets, signal })
        if (typeof attempt !== 'string') return attempt
        filtered.push({ index: row.index, is: 'filter', reason: attempt, rows: Uint32Array.of(row.index) })
        return undefined
      })
      return [...failures, ...filtered].sort((a, b) => a.index - b.index)
    },
    *preview(batch: SinkBatch): Generator<Preview> {
      for (const row of sinkRows(batch, noFlows)) {
        const report = reportOfRow(row)
        const target = typeof report === 'string' || 'is' in report ? report : targets.url(report)
        const upload = typeof target === 'string' || 'is' in target ? target : uploadOf(report as ImageReport, config)
        if (typeof upload === 'string') yield { problem: `not sent: ${upload}` }
        else if ('is' in upload) yield { problem: upload.reason }
        else
          yield {
            to: `${(target as { url: string }).url} ${[...upload.parents, upload.name].join(' / ')} ${upload.version}`,
            headers: {},
            body: Buffer.from(upload.bom, 'base64'),
          }
      }
    },
    probe: (signal) => targets.probe(signal),
    close: () => Promise.resolve(targets.close()),
  }
}

type Sending = Readonly<{
  config: DependencyTrackConfig
  targets: Targets
  signal: AbortSignal
}>

/** A text is the reason to filter the row. */
async function attemptOf(row: SinkRow, { config, targets, signal }: Sending): Promise<Attempt | string> {
  const report = reportOfRow(row)
  if (typeof report === 'string' || 'is' in report) return report
  const target = await targets.of(report, signal)
  if (typeof target === 'string' || 'is' in target) return target
  const upload = uploadOf(report, { ...config, production_only: target.production_only })
  if (typeof upload === 'string' || 'is' in upload) return upload
  const { pause } = target
  const paused = pause?.problem()
  if (paused !== undefined) return { is: 'retry', reason: paused }
  const attempt = await target.server.upload(upload, target.key, signal)
  pause?.record(attempt)
  // A server of one environment that is unavailable must not delay the reports of others.
  return attempt?.is === 'retry' && pause !== undefined ? { ...attempt, away: false } : attempt
}

function reportOfRow({ event }: SinkRow): ImageReport | string | Rejected {
  if (event.type !== insightsTypes.report || event.data === undefined) return 'not_insights'
  try {
    const message = insightsMessage(event.data)
    return message.type === 'sbom' ? (message as ImageReport) : 'not_sbom'
  } catch (error) {
    return { is: 'reject', reason: `the event is unreadable: ${messageOf(error)}` }
  }
}
