import type { ResourceState, WholeResource } from '../../../api/objects.ts'
import { parseRef } from '../../../state/refs.ts'
import { literal } from '../../../parts/filter-text.ts'
import { resourceText } from './text.ts'

type Traffic = Readonly<{
  sends: string
  receives: string
  from: string
  to: string
  none?: string
}>

const hourMs = 3_600_000

/** `states`: the newest ones, so that the first may be missing. */
export function lifeOf(states: readonly ResourceState[], uid: string): Readonly<{ from: number; to: number }> {
  const ofObject = states.filter((state) => state.uid === uid)
  const starts = ofObject.map(({ created, valid_from: from }) =>
    Math.min(Date.parse(created ?? from), Date.parse(from)),
  )
  const ends = ofObject.map(({ valid_to: to }) => (to === null ? Infinity : Date.parse(to)))
  return { from: Math.min(...starts), to: Math.max(...ends) }
}

/** Flows name the topmost owner of a pod, not these kinds. */
const between = ['ReplicaSet', 'Job']
const workloads = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job']

/** Filters by the addresses that the object held then, otherwise by the workload names in the flows. */
export function trafficOf(of: WholeResource): Traffic {
  const { now, at, intervals } = of
  const none = (message: string): Traffic => ({ sends: '', receives: '', from: '', to: '', none: message })
  if (now === null) return none(resourceText.didNotExist)
  if (now.data.hostNetwork === true) return none(resourceText.usesNodeNetwork)
  const tests = testsOf(of, now)
  if (tests === undefined) return none(resourceText.noFlowsOfKind)
  const end = Date.parse(at)
  const life = lifeOf([now, ...intervals], now.uid)
  // Flows between clusters carry the cluster of their source.
  const here = `(cluster = ${literal(now.cluster)} or not exists(cluster))`
  const side = (name: 'src' | 'dst') =>
    [
      ...tests.map(([part, ...values]) => {
        const [first, ...more] = values.map(literal)
        return `${name}_${part} ${more.length === 0 ? `= ${first}` : `in (${[first, ...more].join(', ')})`}`
      }),
      here,
    ].join(' and ')
  return {
    sends: side('src'),
    receives: side('dst'),
    from: new Date(Math.max(end - hourMs, life.from)).toISOString(),
    to: new Date(Math.min(end + 1, life.to)).toISOString(),
  }
}

function testsOf(
  { ref, owned }: WholeResource,
  now: NonNullable<WholeResource['now']>,
): readonly (readonly [part: string, ...values: string[]])[] | undefined {
  const { kind, name, namespace } = now
  if (kind === 'Namespace') return [['namespace', name]]
  if (kind === 'Node') return [['node', name]]
  const addresses = [...new Set((now.data.addresses ?? []).map(({ ip }) => ip))]
  if (addresses.length > 0) return [['addr', ...addresses]]
  const pods = owned
    .map(({ from }) => parseRef(from))
    .filter((object) => object?.kind === 'Pod')
    .map((object) => object?.name ?? '')
  const isBetween = between.includes(kind) && owned.length > 0 && owned.every(({ to }) => to === ref)
  if (isBetween && pods.length > 0)
    return [
      ['namespace', namespace ?? ''],
      ['name', ...pods],
    ]
  return pods.length > 0 || workloads.includes(kind)
    ? [
        ['owner_kind', kind],
        ['owner_name', name],
        ['namespace', namespace ?? ''],
      ]
    : undefined
}
