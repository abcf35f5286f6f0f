import type { Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { openLeaderLease } from '../../net/kubernetes/leader-lease.ts'
import { inventorySource } from '../../polling/inventory/source.ts'
import { awsAccounts } from './client-account.ts'
import { probeAccounts } from './client-probe.ts'
import type { AwsInventoryConfig, awsSchema } from './config.ts'

export const source = defineSource<typeof awsSchema>('aws', { build: openAws, probe: probeAccounts })

/** Opens even if AWS is unreachable. */
export async function openAws(config: AwsInventoryConfig, context: SourceContext): Promise<Source> {
  const lease = await openLeaderLease(config.lease, context)
  return inventorySource({ context, what: 'resources of AWS', accounts: awsAccounts(config, context), lease })
}
