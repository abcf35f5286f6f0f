import type { Probe, ProbeContext } from '../../engine/contracts.ts'
import { self } from '../../host/process.ts'
import { checkLease } from '../../net/kubernetes/lease-check.ts'
import { PollError } from '../../polling/poll-error.ts'
import { combined } from '../../polling/probes.ts'
import { organizationOf, zonesOf } from './client-account.ts'
import { ExoscaleClient } from './client.ts'
import type { ExoscaleConfig } from './config.ts'

export async function probeAccount(config: ExoscaleConfig, context: ProbeContext, signal: AbortSignal): Promise<Probe> {
  const probes = await Promise.all([lookAt(config, context, signal), checkLease(config.lease, context, signal)])
  return combined(probes.flat())
}

async function lookAt(config: ExoscaleConfig, { host }: ProbeContext, signal: AbortSignal): Promise<Probe> {
  const { endpoint } = config
  const client = new ExoscaleClient({ host, config, endpoint, env: self.env, requested: () => undefined })
  try {
    const organization = config.organization ?? (await organizationOf(client, signal))
    const zones = await zonesOf(config, client, signal)
    await client.list('/instance', 'instances', signal)
    const names = zones.map(({ name }) => name).join(', ')
    return { is: 'ok', message: `${client.endpoint} grants read access to organization ${organization} in ${names}` }
  } catch (error) {
    if (error instanceof PollError) return { is: 'fail', message: error.message }
    throw error
  } finally {
    client.close()
  }
}
