import { probeQueue } from '../../messaging/aws-queue-probe.ts'
import type { Probe, ProbeContext } from '../../engine/contracts.ts'
import { lookAtLease } from '../../net/kubernetes/turn-look.ts'
import { TrailError, TrailReader } from './client.ts'
import { FileAway, TrailFiles } from './client-files.ts'
import type { CloudtrailConfig, From } from './config.ts'

/**
 * Requests one event of the last minute from each region, and checks the Lease; or the attributes of the queue and the
 * bucket. Consumes nothing.
 */
export async function lookAtTrail(
  config: CloudtrailConfig,
  context: ProbeContext,
  signal: AbortSignal,
): Promise<Probe> {
  const { from } = config
  const regions =
    from.type === 'lookup' ? (from.regions.length === 0 ? [config.region ?? undefined] : from.regions) : []
  const found =
    from.type === 'lookup'
      ? (
          await Promise.all([
            ...regions.map((region) => lookAtRegion(config, region, context, signal)),
            lookAtLease(config.lease, context, signal),
          ])
        ).flat()
      : [
          await probeQueue({ ...config, queue_url: from.queue_url }, context, signal),
          await lookAtBucket(config, from, context, signal),
        ]
  const wrong = found.filter(({ is }) => is === 'fail')
  const doubtful = found.some(({ is }) => is === 'warn')
  return {
    is: wrong.length > 0 ? 'fail' : doubtful ? 'warn' : 'ok',
    says: (wrong.length > 0 ? wrong : found).map(({ says }) => says).join('; '),
  }
}

async function lookAtRegion(
  config: CloudtrailConfig,
  region: string | undefined,
  { host }: ProbeContext,
  signal: AbortSignal,
): Promise<Probe> {
  const reader = new TrailReader({ host, config, region, tries: 1, note: () => undefined })
  try {
    await reader.look(signal)
    return { is: 'ok', says: `CloudTrail in ${await reader.region()} grants read access to its events` }
  } catch (error) {
    if (error instanceof TrailError) return { is: 'fail', says: error.message }
    throw error
  } finally {
    reader.close()
  }
}

async function lookAtBucket(
  config: CloudtrailConfig,
  from: From<'queue'>,
  { host }: ProbeContext,
  signal: AbortSignal,
): Promise<Probe> {
  const files = new TrailFiles(config, from, host)
  try {
    await files.look(signal)
    return { is: 'ok', says: `bucket ${from.bucket} grants access` }
  } catch (error) {
    if (!(error instanceof FileAway)) throw error
    return error.denied
      ? {
          is: 'warn',
          says: `bucket ${from.bucket} does not exist, or listing is denied; read access to its files is unknown`,
        }
      : { is: 'fail', says: error.message }
  } finally {
    files.close()
  }
}
