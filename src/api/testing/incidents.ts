// Seeded incidents for the ranking of preceding changes: one change breaks traffic, many others do not.
import type { FlowBatch } from '../../model/batches.ts'
import type { WeirEvent } from '../../model/events.ts'
import { SeededRandom } from '../../../test/kit/random.ts'
import { cloudCause, cloudDecoys, cloudEventsOf, cloudObjects } from './incident-clouds.ts'
import { clusterCause } from './incident-causes.ts'
import { decoysOf } from './incident-decoys.ts'
import { between, edgesOf, eventsOf, minute, objectsOf, people, servicesOf } from './incident-services.ts'
import { trafficOf } from './incident-traffic.ts'

export type Incident = Readonly<{
  title: string
  events: readonly WeirEvent[]
  flows: FlowBatch
  /** Unix ms. */
  from: number
  to: number
  onset: number
  filter: string
  /** `Deployment/shop/cart`, `instance/i-n1`: the change that the traffic depends on. */
  culprit: string
  actor: string | null
}>

/** Its cause is a change of a cluster, or of a cloud resource. */
export function incident(seed: number, now: number, of: 'cluster' | 'cloud' = 'cluster'): Incident {
  const random = new SeededRandom(seed)
  const services = servicesOf(random)
  const edges = edgesOf(random, services)
  const onset = now - 8 * minute
  const person = random.pick(people)
  const target = random.pick(services.slice(1))
  const at = onset - between(random, 0, 20_000)
  const scene = { services, edges, target, person, at }
  const cause = of === 'cluster' ? clusterCause(seed, random, scene) : cloudCause(seed, random, scene)
  const { broken, left } = cause
  const isCloud = 'changed' in cause
  const culprit = isCloud ? `${cause.changed.resource.type}/${cause.changed.resource.id}` : cause.written.of
  const decoys = decoysOf(random, services, { target, onset, person })
  const versions = new Map<string, number>()
  const events = [
    ...services.flatMap((service) => objectsOf(service, now - 60 * minute)),
    ...[...(isCloud ? [] : [cause.written]), ...decoys]
      .toSorted((a, b) => a.at - b.at)
      .flatMap((each) => {
        const version = (versions.get(each.of) ?? 100) + 1
        versions.set(each.of, version)
        return eventsOf(each, version)
      }),
    ...(isCloud
      ? [
          ...cloudObjects(services, now - 60 * minute),
          ...[cause.changed, ...cloudDecoys(random, scene, onset)].flatMap(cloudEventsOf),
        ]
      : []),
  ]
  const filters = [
    '',
    '',
    `either(ns = ${culprit.startsWith('Node') ? target.namespace : (broken[0]?.to.namespace ?? target.namespace)})`,
    `dst.owner = ${broken[0]?.to.name ?? target.name}`,
  ]
  return {
    title: `${isCloud ? cause.changed.operation : cause.written.data.operation} ${culprit}`,
    events,
    flows: trafficOf(random, edges, { from: onset - 16 * minute, to: now, onset, broken: new Set(broken), left }),
    from: onset - between(random, 1, 5) * minute,
    to: onset + between(random, 2, 6) * minute,
    onset,
    filter: filters[Math.floor(random.next() * filters.length)] ?? '',
    culprit,
    actor: isCloud ? cause.changed.user : person,
  }
}
