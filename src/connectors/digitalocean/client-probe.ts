import type { Probe, ProbeContext } from '../../engine/contracts.ts'
import { self } from '../../host/process.ts'
import { checkLease } from '../../net/kubernetes/lease-check.ts'
import { PollError } from '../../polling/poll-error.ts'
import { combined } from '../../polling/probes.ts'
import { accountOf } from './client-account.ts'
import { DigitaloceanClient } from './client.ts'
import type { DigitaloceanConfig } from './config.ts'

export async function probeAccount(
  config: DigitaloceanConfig,
  context: ProbeContext,
  signal: AbortSignal,
): Promise<Probe> {
  const probes = await Promise.all([lookAt(config, context, signal), checkLease(config.lease, context, signal)])
  return combined(probes.flat())
}

async function lookAt(config: DigitaloceanConfig, { host }: ProbeContext, signal: AbortSignal): Promise<Probe> {
  const client = new DigitaloceanClient({ host, config, env: self.env, requested: () => undefined })
  try {
    const { id } = await accountOf(client, signal)
    return { is: 'ok', message: `${config.endpoint} grants read access to account ${id}` }
  } catch (error) {
    if (error instanceof PollError) return { is: 'fail', message: error.message }
    throw error
  } finally {
    client.close()
  }
}
