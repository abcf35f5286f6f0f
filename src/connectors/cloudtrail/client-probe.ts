import { probeQueue } from '../../messaging/aws-queue-probe.ts'
import type { Probe, ProbeContext } from '../../engine/contracts.ts'
import { checkLease } from '../../net/kubernetes/lease-check.ts'
import { combined } from '../../polling/probes.ts'
import { TrailError, TrailReader } from './client.ts'
import { FileUnavailableError, TrailFiles } from './client-files.ts'
import type { CloudtrailConfig, From } from './config.ts'

export async function probeTrail(config: CloudtrailConfig, context: ProbeContext, signal: AbortSignal): Promise<Probe> {
  const { from } = config
  const regions =
    from.type === 'lookup' ? (from.regions.length === 0 ? [config.region ?? undefined] : from.regions) : []
  const found =
    from.type === 'lookup'
      ? (
          await Promise.all([
            ...regions.map((region) => probeRegion(config, region, context, signal)),
            checkLease(config.lease, context, signal),
          ])
        ).flat()
      : [
          await probeQueue({ ...config, queue_url: from.queue_url }, context, signal),
          await probeBucket(config, from, context, signal),
        ]
  return combined(found)
}

async function probeRegion(
  config: CloudtrailConfig,
  region: string | undefined,
  { host }: ProbeContext,
  signal: AbortSignal,
): Promise<Probe> {
  const reader = new TrailReader({ host, config, region, maxAttempts: 1, note: () => undefined })
  try {
    await reader.verifyAccess(signal)
    return { is: 'ok', message: `CloudTrail in ${await reader.region()} grants read access to its events` }
  } catch (error) {
    if (error instanceof TrailError) return { is: 'fail', message: error.message }
    throw error
  } finally {
    reader.close()
  }
}

async function probeBucket(
  config: CloudtrailConfig,
  from: From<'queue'>,
  { host }: ProbeContext,
  signal: AbortSignal,
): Promise<Probe> {
  const files = new TrailFiles(config, from, host)
  try {
    await files.verifyAccess(signal)
    return { is: 'ok', message: `bucket ${from.bucket} grants access` }
  } catch (error) {
    if (!(error instanceof FileUnavailableError)) throw error
    return error.denied
      ? {
          is: 'warn',
          message: `bucket ${from.bucket} does not exist, or listing is denied; read access to its files is unknown`,
        }
      : { is: 'fail', message: error.message }
  } finally {
    files.close()
  }
}
