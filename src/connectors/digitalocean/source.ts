import type { Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { openLeaderLease } from '../../net/kubernetes/leader-lease.ts'
import { inventorySource } from '../../polling/inventory/source.ts'
import { digitaloceanAccount } from './client-account.ts'
import { probeAccount } from './client-probe.ts'
import type { DigitaloceanConfig, digitaloceanSchema } from './config.ts'

export const source = defineSource<typeof digitaloceanSchema>('digitalocean', {
  build: openDigitalocean,
  probe: probeAccount,
})

/** Opens even if the cloud is unreachable. */
export async function openDigitalocean(config: DigitaloceanConfig, context: SourceContext): Promise<Source> {
  const lease = await openLeaderLease(config.lease, context)
  return inventorySource({
    context,
    what: 'resources of DigitalOcean',
    accounts: [digitaloceanAccount(config, context)],
    lease,
  })
}
