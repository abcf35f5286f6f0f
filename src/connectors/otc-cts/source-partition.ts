import { PartitionPoller, type PollLimits } from '../../polling/partition.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import type { Checkpoint } from '../../polling/checkpoint.ts'
import { basePath, TraceReader } from './client.ts'
import type { Session } from '../../net/otc/session.ts'
import { cts } from './client-project.ts'
import type { OtcCtsConfig } from './config.ts'
import { mapTrace, traceSource, type MappedTrace, type TraceOrigin } from './map.ts'

/** Retention of the API. */
export const retentionMs = 7 * 86_400_000

type TrackerOptions = Readonly<{
  config: OtcCtsConfig
  context: SourceContext
  session: Session
  checkpoint: Checkpoint
  project: string
  tracker: string
  limits?: PollLimits
}>

export type TrackerPartition = PartitionPoller<unknown, MappedTrace>

export function trackerPartition({
  config,
  context,
  session,
  checkpoint,
  project,
  tracker,
  limits,
}: TrackerOptions): TrackerPartition {
  const { host, metrics } = context
  const labels = { source: context.id, project, tracker }
  const requested = (outcome: 'answered' | 'failed') => {
    metrics.count('weir_cts_requests_total', 1, { ...labels, outcome })
  }
  const reader = new TraceReader({
    host,
    session,
    api: config.api,
    tracker,
    page: config.page,
    note: (what, message) => {
      requested(what === 'retried' ? 'failed' : 'answered')
      if (what === 'retried') partition.waits(message)
    },
  })
  const partition: TrackerPartition = new PartitionPoller({
    context,
    checkpoint,
    retentionMs,
    every: config.every,
    lookBack: config.look_back,
    backfill: config.backfill,
    words: { api: 'CTS', what: 'trace', retention: 'CTS retains traces for seven days' },
    metrics: {
      events: 'weir_cts_traces_total',
      behind: 'weir_cts_behind_seconds',
      missed: 'weir_cts_missed_seconds_total',
    },
    labels: () => labels,
    failed: () => {
      requested('failed')
    },
    async open(signal) {
      const opened = await session.open(signal)
      const origin: TraceOrigin = {
        cloud: config.cloud,
        source: traceSource(opened.endpointOf(cts), basePath(config.api, opened)),
        tenant: opened.project,
        domain: opened.domain,
        region: opened.region,
        leaveOut: config.leave_out,
      }
      return {
        key: `${opened.project}/${tracker}`,
        page: (span, next, until) => reader.read(span, next, until),
        map: (given) => mapTrace(given, origin),
      }
    },
    account(fresh, warn) {
      const nameless = fresh.filter((trace) => trace.withoutId).length
      if (nameless > 0) metrics.count('weir_cts_traces_total', nameless, { ...labels, outcome: 'nameless' })
      for (const { unknownRating: strange } of fresh)
        if (strange !== undefined)
          warn(
            'rating',
            `A trace is rated ${strange.slice(0, 40)}, not normal, warning or incident; its severity is unknown.`,
          )
      const recordedAfter = fresh.reduce(
        (most, { event, recorded }) => Math.max(most, (recorded ?? 0) - (event.time ?? recorded ?? 0)),
        0,
      )
      if (fresh.length > 0) metrics.set('weir_cts_recorded_after_seconds', recordedAfter / 1000, labels)
    },
    ...(limits === undefined ? {} : { limits }),
  })
  return partition
}
