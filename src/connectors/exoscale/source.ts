import type { Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { openLeaderLease } from '../../net/kubernetes/leader-lease.ts'
import { inventorySource } from '../../polling/inventory/source.ts'
import { exoscaleAccount } from './client-account.ts'
import { probeAccount } from './client-probe.ts'
import type { ExoscaleConfig, exoscaleSchema } from './config.ts'

export const source = defineSource<typeof exoscaleSchema>('exoscale', {
  build: openExoscale,
  probe: probeAccount,
})

/** Opens even if the cloud is unreachable. */
export async function openExoscale(config: ExoscaleConfig, context: SourceContext): Promise<Source> {
  const lease = await openLeaderLease(config.lease, context)
  return inventorySource({
    context,
    what: 'resources of Exoscale',
    accounts: [exoscaleAccount(config, context)],
    lease,
  })
}
