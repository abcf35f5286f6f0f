import type { Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { openLeaderLease } from '../../net/kubernetes/leader-lease.ts'
import { inventorySource } from '../../polling/inventory/source.ts'
import { otcAccounts } from './client-account.ts'
import { probeProjects, verifyAccounts } from './client-probe.ts'
import type { OtcInventoryConfig, otcInventorySchema } from './config.ts'

export const source = defineSource<typeof otcInventorySchema>('otc-inventory', {
  build: openOtcInventory,
  probe: probeProjects,
  verify: verifyAccounts,
})

/** Opens even if the cloud is unreachable. */
export async function openOtcInventory(config: OtcInventoryConfig, context: SourceContext): Promise<Source> {
  const lease = await openLeaderLease(config.lease, context)
  return inventorySource({
    context,
    what: 'resources of Open Telekom Cloud',
    accounts: otcAccounts(config, context),
    lease,
  })
}
