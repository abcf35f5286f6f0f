import { PartitionPoller, type PollLimits, type Mapped } from '../../polling/partition.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import type { Checkpoint } from '../../polling/checkpoint.ts'
import { self } from '../../host/process.ts'
import { ZoneClient } from './client.ts'
import type { ExoscaleEventsConfig, ZoneConfig } from './config.ts'
import { mapEvent } from './map.ts'

/** The retention is undocumented; older events are not requested. */
export const retentionMs = 30 * 86_400_000

type PlaceOptions = Readonly<{
  config: ExoscaleEventsConfig
  context: SourceContext
  checkpoint: Checkpoint
  zone: ZoneConfig
  organization: (of: ZoneClient, signal: AbortSignal) => Promise<string>
  limits?: PollLimits
}>

type ZonePartition = PartitionPoller<unknown, Mapped>

export function zonePartition({
  config,
  context,
  checkpoint,
  zone,
  organization,
  limits,
}: PlaceOptions): Readonly<{ place: ZonePartition; client: ZoneClient }> {
  const { host, metrics } = context
  const labels = { source: context.id, zone: zone.name }
  const requested = (outcome: 'answered' | 'failed') => {
    metrics.count('weir_exoscale_requests_total', 1, { ...labels, outcome })
  }
  const client = new ZoneClient({
    host,
    config,
    zone,
    env: self.env,
    note: (what, message) => {
      requested(what === 'answered' ? 'answered' : 'failed')
      if (what === 'retried') partition.waits(message)
    },
  })
  const partition: ZonePartition = new PartitionPoller({
    context,
    checkpoint,
    retentionMs,
    every: config.every,
    lookBack: config.look_back,
    backfill: config.backfill,
    words: { api: 'Exoscale', what: 'event', retention: 'Exoscale events are requested for the last thirty days only' },
    metrics: {
      events: 'weir_exoscale_events_total',
      behind: 'weir_exoscale_behind_seconds',
      missed: 'weir_exoscale_missed_seconds_total',
    },
    labels: () => labels,
    failed: () => {
      requested('failed')
    },
    async open(signal) {
      const origin = {
        organization: config.organization ?? (await organization(client, signal)),
        leaveOut: config.leave_out,
      }
      return {
        key: zone.name,
        page: (span, _next, until) => client.read(span, until),
        map(given) {
          const event = mapEvent(given, origin)
          return event === undefined ? undefined : { event }
        },
      }
    },
    ...(limits === undefined ? {} : { limits }),
  })
  return { place: partition, client }
}
