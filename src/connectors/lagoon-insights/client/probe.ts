import type { Probe, ProbeContext } from '../../../engine/contracts.ts'
import { messageOf } from '../../../model/errors.ts'
import { checkLease } from '../../../net/kubernetes/lease-check.ts'
import { combined } from '../../../polling/probes.ts'
import { Cluster, paths } from '../client.ts'
import type { InsightsConfig } from '../config.ts'
import { buildName } from '../map/scan.ts'
import * as names from '../map/labels.ts'
import { tokenLabel } from '../source/tokens.ts'

/** Lists one of each kind of objects that the settings need. */
export async function probeInsights(
  config: InsightsConfig,
  context: ProbeContext,
  signal: AbortSignal,
): Promise<Probe> {
  const cluster = await Cluster.open(config.kubeconfig, context.host)
  const list = async (what: string, path: string, labelSelector = ''): Promise<Probe> => {
    try {
      await cluster.get(path, signal, { limit: '1', ...(labelSelector === '' ? {} : { labelSelector }) })
      return { is: 'ok', message: `${what} can be listed` }
    } catch (error) {
      return { is: 'fail', message: `${what} cannot be listed: ${messageOf(error)}` }
    }
  }
  const needsNamespaces = config.tokens || (config.listen.length > 0 && config.bind_tokens)
  try {
    return combined(
      (
        await Promise.all([
          config.configmaps ? list('ConfigMaps', paths.configMaps, names.trigger) : [],
          needsNamespaces ? list('namespaces', paths.namespaces) : [],
          config.tokens ? list('Secrets with tokens', paths.secrets, tokenLabel) : [],
          config.scanner === null ? [] : list('pods of builds', paths.pods, buildName),
          checkLease(config.lease, context, signal),
        ])
      ).flat(),
    )
  } finally {
    cluster.close()
  }
}
