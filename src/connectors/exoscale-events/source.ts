import { pollingSource, type PollingSource } from '../../polling/source.ts'
import type { PartitionStatus } from '../../polling/partition.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { openLeaseTurn } from '../../net/kubernetes/turn.ts'
import { ackSink } from '../../schema/values.ts'
import { defineSource } from '../../engine/define.ts'
import type { ZoneClient } from './client.ts'
import type { ExoscaleEventsConfig, exoscaleEventsSchema } from './config.ts'
import { keptMs, zonePartition } from './source-partition.ts'
import { lookAtEvents } from './client-look.ts'

export const source = defineSource<typeof exoscaleEventsSchema>('exoscale-events', {
  build: openExoscaleEvents,
  probe: lookAtEvents,
})

export interface ZoneStatus extends PartitionStatus {
  readonly zone: string
}

/** A cloud that is away is no error here: it is said, and tried again. Whether a zone tells of all is not written anywhere. */
export async function openExoscaleEvents(
  config: ExoscaleEventsConfig,
  context: SourceContext,
): Promise<PollingSource<ZoneStatus>> {
  const lease = await openLeaseTurn(config.lease, context)
  return pollingSource(
    {
      context,
      keptMs,
      what: 'events of Exoscale',
      lease,
      sink: ackSink(config.ack),
      across: config.zones.map(({ name }) => name),
    },
    (checkpoint) => {
      const organization = askedOnce()
      const parts = config.zones.map((zone) => ({
        name: zone.name,
        ...zonePartition({ config, context, checkpoint, zone, organization }),
      }))
      const places = parts.map(({ name, place }) => ({
        run: (signal: AbortSignal) => place.run(signal),
        status: () => ({ zone: name, ...place.status() }),
      }))
      return {
        places,
        close: () => {
          for (const { client } of parts) client.close()
        },
      }
    },
  )
}

/** Any zone knows, and it stays the same. */
export function askedOnce(): (of: ZoneClient, signal: AbortSignal) => Promise<string> {
  let known: string | undefined
  return async (of, signal) => (known ??= await of.organization(signal))
}
