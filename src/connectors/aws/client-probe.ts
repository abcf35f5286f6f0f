import type { Probe, ProbeContext } from '../../engine/contracts.ts'
import { checkLease } from '../../net/kubernetes/lease-check.ts'
import { PollError } from '../../polling/poll-error.ts'
import { combined } from '../../polling/probes.ts'
import { AwsClients } from './client.ts'
import { identityOf } from './client-account.ts'
import type { AwsInventoryConfig } from './config.ts'

export async function probeAccounts(
  config: AwsInventoryConfig,
  context: ProbeContext,
  signal: AbortSignal,
): Promise<Probe> {
  const roles = config.roles.length === 0 ? [undefined] : config.roles
  const probes = await Promise.all([
    ...roles.map((role) => lookAt(config, role, context, signal)),
    checkLease(config.lease, context, signal),
  ])
  return combined(probes.flat())
}

async function lookAt(
  config: AwsInventoryConfig,
  role: string | undefined,
  { host }: ProbeContext,
  signal: AbortSignal,
): Promise<Probe> {
  const clients = new AwsClients({ host, config, role, requested: () => undefined })
  try {
    const { id, regions } = await identityOf(clients, config, signal)
    return { is: 'ok', message: `AWS grants access to account ${id}, with ${regions.length} regions` }
  } catch (error) {
    if (error instanceof PollError) return { is: 'fail', message: error.message }
    throw error
  } finally {
    clients.close()
  }
}
