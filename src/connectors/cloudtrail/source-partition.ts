import type { Event } from '@aws-sdk/client-cloudtrail'
import { PartitionPoller, type PollLimits, type Mapped } from '../../polling/partition.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import type { Checkpoint } from '../../polling/checkpoint.ts'
import type { TrailReader } from './client.ts'
import type { From } from './config.ts'
import { mapRecord } from './map.ts'

export const retentionMs = 90 * 86_400_000

type PlaceOptions = Readonly<{
  config: From<'lookup'>
  context: SourceContext
  reader: TrailReader
  checkpoint: Checkpoint
  limits?: PollLimits
}>

type RegionPartition = PartitionPoller<Event>

export function regionPartition({ config, context, reader, checkpoint, limits }: PlaceOptions): RegionPartition {
  let known: string | undefined
  return new PartitionPoller({
    context,
    checkpoint,
    retentionMs,
    every: config.every,
    lookBack: config.look_back,
    backfill: config.backfill,
    words: { api: 'CloudTrail', what: 'event', retention: 'CloudTrail retains events for ninety days' },
    metrics: {
      events: 'weir_cloudtrail_events_total',
      behind: 'weir_cloudtrail_behind_seconds',
      missed: 'weir_cloudtrail_missed_seconds_total',
    },
    labels: () => ({ source: context.id, region: known ?? '' }),
    async open() {
      const region = (known ??= await reader.region())
      return { key: region, page: (span, next, signal) => reader.read(span, next, signal), map: mappedOf }
    },
    ...(limits === undefined ? {} : { limits }),
  })
}

function mappedOf({ CloudTrailEvent: text, Resources: resources = [] }: Event): Mapped | undefined {
  try {
    const event = mapRecord(JSON.parse(text ?? ''), resources)
    return event === undefined ? undefined : { event }
  } catch {
    return undefined
  }
}
