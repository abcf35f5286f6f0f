import { messageSource } from '../../messaging/message-source.ts'
import type { Source, SourceContext } from '../../engine/contracts.ts'
import { pollingSource, type PollingSource } from '../../polling/source.ts'
import type { PartitionStatus } from '../../polling/partition.ts'
import { openLeaderLease } from '../../net/kubernetes/leader-lease.ts'
import { ackSink } from '../../schema/values.ts'
import { defineSource } from '../../engine/define.ts'
import { TrailReader } from './client.ts'
import { FilePuller } from './client-pull.ts'
import type { CloudtrailConfig, cloudtrailSchema, From } from './config.ts'
import { retentionMs, regionPartition } from './source-partition.ts'
import { probeTrail } from './client-probe.ts'

export const source = defineSource<typeof cloudtrailSchema>('cloudtrail', { build: openCloudtrail, probe: probeTrail })

export function openCloudtrail(config: CloudtrailConfig, context: SourceContext): Promise<Source> {
  const { from } = config
  return from.type === 'lookup' ? openLookup(config, from, context) : Promise.resolve(openQueue(config, from, context))
}

interface RegionStatus extends PartitionStatus {
  readonly region: string | undefined
}

async function openLookup(
  config: CloudtrailConfig,
  from: From<'lookup'>,
  context: SourceContext,
): Promise<PollingSource<RegionStatus>> {
  const lease = await openLeaderLease(config.lease, context)
  return pollingSource(
    { context, retentionMs, what: 'events of CloudTrail', lease, sink: ackSink(config.ack) },
    (checkpoint) => {
      const readers = (from.regions.length === 0 ? [config.region ?? undefined] : from.regions).map((region) => ({
        region,
        reader: new TrailReader({
          host: context.host,
          config,
          region,
          note: (outcome) => {
            context.metrics.count('weir_cloudtrail_requests_total', 1, {
              source: context.id,
              region: region ?? '',
              outcome,
            })
          },
        }),
      }))
      const places = readers.map(({ region, reader }) => {
        const position = regionPartition({ config: from, context, reader, checkpoint })
        return { run: (signal: AbortSignal) => position.run(signal), status: () => ({ region, ...position.status() }) }
      })
      return {
        places,
        close: () => {
          for (const { reader } of readers) reader.close()
        },
      }
    },
  )
}

function openQueue(config: CloudtrailConfig, from: From<'queue'>, context: SourceContext): Source {
  const puller = new FilePuller(config, from, context)
  const settings = {
    codec: 'json',
    event_type: 'unused',
    parse: null,
    ack: config.ack,
    buffer: from.buffer,
    join_bytes: 0,
    join_wait: 60_000,
    claims: null,
  } as const
  return messageSource(settings, context, puller, (message) => puller.eventsOf(message))
}
