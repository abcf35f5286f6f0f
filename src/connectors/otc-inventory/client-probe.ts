import type { Probe, ProbeContext } from '../../engine/contracts.ts'
import { self } from '../../host/process.ts'
import { checkLease } from '../../net/kubernetes/lease-check.ts'
import { accountOf } from '../../net/otc/account.ts'
import { PollError } from '../../polling/poll-error.ts'
import { combined } from '../../polling/probes.ts'
import { OtcClient } from './client.ts'
import { services } from './client-services.ts'
import type { OtcInventoryConfig } from './config.ts'

export async function probeProjects(
  config: OtcInventoryConfig,
  context: ProbeContext,
  signal: AbortSignal,
): Promise<Probe> {
  const probes = await Promise.all([
    ...config.projects.map((project) => lookAt(config, project, context, signal)),
    checkLease(config.lease, context, signal),
  ])
  return combined(probes.flat())
}

/** Sends no requests. Rejects with a readable error. */
export async function verifyAccounts(config: OtcInventoryConfig, { host }: ProbeContext): Promise<void> {
  for (const project of config.projects) await accountOf({ ...config, cloud: 'otc' }, project, { host, env: self.env })
}

async function lookAt(
  config: OtcInventoryConfig,
  project: OtcInventoryConfig['projects'][number],
  { host }: ProbeContext,
  signal: AbortSignal,
): Promise<Probe> {
  const client = new OtcClient({ host, config, project, requested: () => undefined })
  const name = project.name ?? project.id ?? ''
  try {
    const { project: id, region } = await client.open(signal)
    await client.get(services.ecs, `/v1/${id}/cloudservers/detail`, [['limit', '1']], signal)
    return { is: 'ok', message: `${name} in ${region} grants read access to its servers` }
  } catch (error) {
    if (error instanceof PollError) return { is: 'fail', message: `${name}: ${error.message}` }
    throw error
  } finally {
    client.close()
  }
}
