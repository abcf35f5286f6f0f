import type { Probe, ProbeContext } from '../../engine/contracts.ts'
import { messageOf } from '../../model/errors.ts'
import { checkLease } from '../../net/kubernetes/lease-check.ts'
import { readTls } from '../../net/tls.ts'
import { combined } from '../../polling/probes.ts'
import { openTarget, readTarget } from './client-target.ts'
import type { PrometheusScrapeConfig } from './config.ts'

/** Scrapes each fixed target once, and stores nothing. */
export async function probeTargets(
  config: PrometheusScrapeConfig,
  context: ProbeContext,
  signal: AbortSignal,
): Promise<Probe> {
  const tls = await readTls(config.tls, context.host.disk)
  const scraped = config.targets.map(async (url): Promise<Probe> => {
    const http = openTarget(url, { config, host: context.host, tls })
    try {
      const { samples } = await readTarget(http, url, { config, signal })
      return { is: 'ok', message: `${url} has ${samples.length} samples` }
    } catch (error) {
      return { is: 'fail', message: `${url}: ${messageOf(error)}` }
    } finally {
      http.close()
    }
  })
  const results = await Promise.all(scraped)
  return combined([...results, ...[await checkLease(config.lease, context, signal)].flat()])
}
