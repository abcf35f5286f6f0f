import type { WeirConfig } from '../../app/config.ts'
import { clusterSources } from '../../app/config-entries.ts'
import { typesThatEmit } from '../../components/manifests.ts'
import type { FlowGroups } from '../../topics/flows/schema.ts'
import { ok, reason, warn, type CheckContext, type Finding } from './finding.ts'
import { getRunning } from './running.ts'

const check = 'cluster of flows'

export async function checkFlowClusters({ config, running }: CheckContext): Promise<Finding[]> {
  const findings = configuredClusters(config)
  if (running === undefined || running.url === '' || !expectsClusters(config)) return findings
  try {
    const answer = await getRunning(running, '/api/v1/flows?group=cluster&by=flows&limit=1000&time=time_received')
    // The check of the exporters already reports a missing token.
    if (!answer.ok) return findings
    return [...findings, ...recentClusters((await answer.json()) as FlowGroups, watchedNames(config))]
  } catch (error) {
    return [...findings, warn(check, `the running Weir did not respond: ${reason(error)}`, 'Check its log.')]
  }
}

export function configuredClusters(config: WeirConfig): Finding[] {
  const watched = watchedNames(config)
  const common = config.identity.cluster
  const sources = flowSources(config)
  if (watched.length === 0) {
    const agents = sources.filter(({ type, cluster }) => type === 'netobserv' && cluster === undefined)
    return common !== null || agents.length === 0
      ? []
      : [
          warn(
            check,
            `flows of ${agents.map(({ id }) => id).join(', ')} have no cluster, because no cluster is watched`,
            'Add a source of type `kubernetes`, or set `identity.cluster`.',
          ),
        ]
  }
  const names = `the watched clusters are ${watched.join(', ')}`
  const foreign = sources.filter(({ cluster }) => cluster !== undefined && !watched.includes(cluster))
  return [
    ...(common === null || watched.includes(common)
      ? []
      : [
          warn(
            check,
            `\`identity.cluster\` is ${common}, and ${names}: the setting has no effect while a cluster is watched`,
            `Remove it, or set \`cluster\` of the sources with flows of ${common}.`,
          ),
        ]),
    ...foreign.map(({ id, cluster }) =>
      warn(
        check,
        `flows of ${id} have the cluster ${cluster}, and ${names}: the names of their addresses are those of ` +
          'these clusters',
        `Correct \`cluster\` of ${id}, or watch ${cluster} with a source of type \`kubernetes\`.`,
      ),
    ),
  ]
}

function recentClusters({ columns, rows, total }: FlowGroups, watched: readonly string[]): Finding[] {
  const flows = Number(total.flows)
  if (flows === 0) return []
  const at = columns.findIndex(({ name }) => name === 'flows')
  const without = rows.filter(([cluster]) => cluster === null || cluster === '')
  const unnamed = without.reduce((sum, row) => sum + Number(row[at]), 0)
  const names = rows.flatMap(([cluster]) => (typeof cluster === 'string' && cluster !== '' ? [cluster] : []))
  if (unnamed < flows)
    return [
      ok(check, `${flows - unnamed} of ${flows} flows of the last hour have one: ${names.slice(0, 5).join(', ')}`),
    ]
  return [
    warn(
      check,
      `none of the ${flows} flows of the last hour has a cluster`,
      watched.length === 0
        ? 'Set `identity.cluster`, or watch the cluster with a source of type `kubernetes`.'
        : `Check that the exporters are in ${watched.join(' or ')}; only addresses of its pods, nodes and services ` +
            'are named.',
    ),
  ]
}

/** Users of routers alone have no cluster. */
function expectsClusters(config: WeirConfig) {
  return (
    config.identity.cluster !== null ||
    clusterSources(config).length > 0 ||
    flowSources(config).some(({ type, cluster }) => type === 'netobserv' || cluster !== undefined)
  )
}

function watchedNames(config: WeirConfig) {
  return clusterSources(config).flatMap((id) => clusterOf(config.sources[id]?.settings) ?? [])
}

function flowSources({ sources }: WeirConfig): { id: string; type: string; cluster: string | undefined }[] {
  const types = typesThatEmit('flows')
  return Object.values(sources).flatMap(({ id, type, settings }) =>
    types.has(type) ? [{ id, type, cluster: clusterOf(settings) }] : [],
  )
}

function clusterOf(settings: unknown): string | undefined {
  const { cluster } = (settings ?? {}) as { readonly cluster?: unknown }
  return typeof cluster === 'string' && cluster !== '' ? cluster : undefined
}
