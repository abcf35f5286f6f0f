/** Which flows are those of an object, and what they add up to. */
import type { AnswerFrame } from '../../../../src/api/published.ts'
import type { ResourceState, WholeResource } from '../../api/objects.ts'
import { parseRef } from '../../state/refs.ts'
import { literal } from '../../parts/filter-text.ts'

export interface Peers extends AnswerFrame {
  readonly others: { readonly groups?: number; readonly bytes: number | string }
  readonly total: { readonly groups?: number; readonly bytes: number | string; readonly flows: number | string }
}

/** Flows of an object: those that it sends, and those that it receives, while it was there. */
export interface Traffic {
  readonly sends: string
  readonly receives: string
  readonly from: string
  readonly to: string
  /** Why no flow can be told to be its own; undefined: they can. */
  readonly none?: string
}

const hourMs = 3_600_000

/** When an object of this uid was there, as far as is known: its states one after the other. */
export function lifeOf(
  intervals: readonly ResourceState[],
  uid: string,
): { readonly from: number; readonly to: number } {
  const own = intervals.filter((state) => state.uid === uid)
  const ends = own.map(({ valid_to: to }) => (to === null ? Infinity : Date.parse(to)))
  return { from: Math.min(...own.map(({ valid_from: from }) => Date.parse(from))), to: Math.max(...ends) }
}

/** Flows name who owns a pod at the top: of what stands between the two they say nothing. */
const between = ['ReplicaSet', 'Job']
const workloads = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job']

/**
 * The hour before the time of the page, as far as the object was there. By the addresses that it had, which were of others before and
 * will be after; else by what flows say of the workloads at their ends.
 */
export function trafficOf(of: WholeResource): Traffic {
  const { now, at, intervals } = of
  const none = (says: string): Traffic => ({ sends: '', receives: '', from: '', to: '', none: says })
  if (now === null) return none('It was not there at that time: choose a time at which it was.')
  if (now.data.hostNetwork === true)
    return none('It is on the network of its node: its flows cannot be told from those of the node.')
  const tests = testsOf(of, now)
  if (tests === undefined)
    return none(
      'Flows say nothing of it: they know pods, services and nodes, and the workloads and namespaces of these.',
    )
  const end = Date.parse(at)
  const life = lifeOf(intervals, now.uid)
  // A flow between two clusters goes by the name of its source's.
  const here = `(cluster = ${literal(now.cluster)} or not exists(cluster))`
  const side = (name: 'src' | 'dst'): string =>
    [
      ...tests.map(
        ([part, ...values]) =>
          `${name}_${part} ${values.length === 1 ? '=' : 'in'} ${values.length === 1 ? literal(values[0]) : `(${values.map(literal).join(', ')})`}`,
      ),
      here,
    ].join(' and ')
  return {
    sends: side('src'),
    receives: side('dst'),
    from: new Date(Math.max(end - hourMs, life.from)).toISOString(),
    to: new Date(Math.min(end + 1, life.to)).toISOString(),
  }
}

/** Parts of an end of a flow with the values that one of them has to have. */
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
    .filter((each) => each?.kind === 'Pod')
    .map((each) => each?.name ?? '')
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
