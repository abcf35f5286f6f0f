import { kindForbidden } from '../../model/kubernetes.ts'
import type { Clusters } from '../../topics/clusters/schema.ts'
import { oneLine } from '../text-table.ts'
import { fail, ok, reason, warn, type Finding, type CheckContext } from './finding.ts'
import { getRunning } from './running.ts'

type WatchedCluster = Clusters['clusters'][number]
type WatchedLease = NonNullable<WatchedCluster['lease']>

const maxListedKinds = 5
const well = new Set(['watching', 'listing', 'starting'])

export async function checkClusters({ running }: CheckContext): Promise<Finding[]> {
  if (running === undefined || running.url === '') return []
  try {
    const answer = await getRunning(running, '/api/v1/clusters')
    // The check of the exporters already reports a missing token.
    if (!answer.ok) return []
    const { clusters } = (await answer.json()) as Clusters
    return clusters.flatMap(clusterFindings)
  } catch (error) {
    return [warn('clusters', `the running Weir did not respond: ${reason(error)}`, 'Check its log.')]
  }
}

export function clusterFindings({
  cluster,
  problem,
  objects,
  changes,
  kinds,
  unavailable,
  synced,
  lease,
  workloads,
}: WatchedCluster): Finding[] {
  const check = `cluster ${cluster}`
  if (problem !== undefined)
    return [fail(check, oneLine(problem), 'Run `kubectl get --raw /version` with the same kubeconfig and user.')]
  const troubled = kinds.filter(({ state }) => !well.has(state))
  const advice = (state: string): string =>
    state === 'forbidden'
      ? 'Grant the account `list` and `watch` on it, or exclude it with `exclude`.'
      : 'Weir retries automatically.'
  return [
    ok(
      check,
      `${kinds.length - troubled.length} of ${kinds.length} kinds are watched, ${objects} objects known, ` +
        `${changes} changes since the start${synced ? '' : ', not everything is listed yet'}`,
    ),
    ...(workloads === undefined ? [] : [namesOf(check, { workloads, synced })]),
    ...(lease === undefined ? [] : [turnOf(check, lease)]),
    ...troubled
      .slice(0, maxListedKinds)
      .map(({ kind, group, state, reason: why = state }) =>
        warn(
          `${kind}${group === '' ? '' : `.${group}`}`,
          oneLine(state === 'forbidden' ? `${kindForbidden} (${state}: ${why})` : `${state}: ${why}`),
          advice(state),
        ),
      ),
    ...(troubled.length > maxListedKinds
      ? [
          warn(
            check,
            `${troubled.length - maxListedKinds} more kinds are not watched`,
            '`GET /api/v1/clusters` lists all of them.',
          ),
        ]
      : []),
    ...unavailable.map((group) =>
      warn(
        `group ${group}`,
        'its API server does not respond',
        'None of its objects count as deleted meanwhile; `kubectl get apiservices` shows details.',
      ),
    ),
  ]
}

function namesOf(check: string, { workloads, synced }: Readonly<{ workloads: number; synced: boolean }>): Finding {
  if (workloads > 0 || !synced) return ok(check, `${workloads} pods, nodes and services name the ends of flows`)
  return warn(
    check,
    'no addresses are known: flows have no workload names',
    'Grant the account `list` and `watch` on pods, nodes and services, and do not exclude them.',
  )
}

function turnOf(
  check: string,
  { namespace, name, state, holder, since, epoch, problem, waiting }: WatchedLease,
): Finding {
  const lease = namespace === '' ? `leader of ${name}, elected through the journal` : `Lease ${namespace}/${name}`
  if (state === 'holds')
    return ok(check, `this replica is the leader since ${since ?? 'just now'} (${lease}, epoch ${epoch ?? 0})`)
  if (problem !== undefined)
    return fail(
      check,
      oneLine(`the leader is unknown, so this replica emits no events: ${lease}: ${problem}`),
      namespace === ''
        ? 'Check the bus of the journal.'
        : 'The account needs `get`, `create` and `update` on it in its namespace, from a Role.',
    )
  if (holder === undefined) return warn(check, `no replica holds ${lease}`, 'A replica acquires it within seconds.')
  return ok(
    check,
    `standby; the leader is ${holder}${since === undefined ? '' : ` since ${since}`} (${lease}, epoch ` +
      `${epoch ?? 0}, ${waiting} events buffered)`,
  )
}
