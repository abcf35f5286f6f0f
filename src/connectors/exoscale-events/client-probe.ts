import { PollError } from '../../polling/poll-error.ts'
import { combined } from '../../polling/probes.ts'
import type { Probe, ProbeContext } from '../../engine/contracts.ts'
import { self } from '../../host/process.ts'
import { checkLease } from '../../net/kubernetes/lease-check.ts'
import { ZoneClient } from './client.ts'
import type { ExoscaleEventsConfig, ZoneConfig } from './config.ts'

export async function probeEvents(
  config: ExoscaleEventsConfig,
  context: ProbeContext,
  signal: AbortSignal,
): Promise<Probe> {
  const probes = await Promise.all([
    ...config.zones.map((zone) => lookAt(config, zone, context, signal)),
    checkLease(config.lease, context, signal),
  ])
  return combined(probes.flat())
}

async function lookAt(
  config: ExoscaleEventsConfig,
  zone: ZoneConfig,
  { host }: ProbeContext,
  signal: AbortSignal,
): Promise<Probe> {
  const client = new ZoneClient({ host, config, zone, env: self.env, maxAttempts: 1, note: () => undefined })
  try {
    const organization = config.organization ?? (await client.organization(signal))
    const now = host.clock.now()
    await client.read({ from: now - 60_000, to: now }, signal)
    return { is: 'ok', message: `${client.endpoint} grants read access to the events of organisation ${organization}` }
  } catch (error) {
    if (error instanceof PollError) return { is: 'fail', message: `${zone.name}: ${error.message}` }
    throw error
  } finally {
    client.close()
  }
}
