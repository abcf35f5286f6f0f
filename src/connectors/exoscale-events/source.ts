import { pollingSource, type PollingSource } from '../../polling/source.ts'
import type { PartitionStatus } from '../../polling/partition.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { openLeaderLease } from '../../net/kubernetes/leader-lease.ts'
import { ackSink } from '../../schema/values.ts'
import { defineSource } from '../../engine/define.ts'
import type { ZoneClient } from './client.ts'
import type { ExoscaleEventsConfig, exoscaleEventsSchema } from './config.ts'
import { retentionMs, zonePartition } from './source-partition.ts'
import { probeEvents } from './client-probe.ts'

export const source = defineSource<typeof exoscaleEventsSchema>('exoscale-events', {
  build: openExoscaleEvents,
  probe: probeEvents,
})

interface ZoneStatus extends PartitionStatus {
  readonly zone: string
}

/** Opens even if the cloud is unreachable. Zones may return the same events. */
export async function openExoscaleEvents(
  config: ExoscaleEventsConfig,
  context: SourceContext,
): Promise<PollingSource<ZoneStatus>> {
  const lease = await openLeaderLease(config.lease, context)
  return pollingSource(
    {
      context,
      retentionMs,
      what: 'events of Exoscale',
      lease,
      sink: ackSink(config.ack),
      across: config.zones.map(({ name }) => name),
    },
    (checkpoint) => {
      const organization = cachedOrganization()
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

function cachedOrganization(): (of: ZoneClient, signal: AbortSignal) => Promise<string> {
  let known: string | undefined
  return async (of, signal) => (known ??= await of.organization(signal))
}
