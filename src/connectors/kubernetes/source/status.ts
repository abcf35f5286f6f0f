import type { WatchedCluster } from '../../../engine/control.ts'
import type { SourceHealth } from '../../../engine/sources/health.ts'
import type { ResourceType } from '../client/discovery.ts'
import type { Reader } from '../client/reader.ts'
import type { ReaderStatus } from '../client/types.ts'
import type { Collection } from './steps.ts'
import type { Tracker } from './tracker.ts'

type Watched = Readonly<{
  type: ResourceType
  namespace?: string
  reader: Reader
  collection: Collection
}>

export interface Running extends Watched {
  readonly stop: AbortController
  readonly done: Promise<void>
  readonly tracker: Tracker
  readonly path: string
  readonly selectors: Readonly<Record<string, string>>
  /** Unix ms of the last successful comparison. */
  verified?: number
}

/** Why all or some kinds are not watched. A standby replica only needs the Lease. */
export function healthOfWatches({ problem, kinds, lease, reached }: KubernetesStatus): SourceHealth | undefined {
  if (lease?.state === 'stands by')
    return lease.problem === undefined
      ? undefined
      : { why: `the Lease is unreadable: ${lease.problem}`, counts: 'lasting' }
  const broken = kinds.filter(
    ({ state, reason }) =>
      state !== 'watching' && (reason !== undefined || state === 'forbidden' || state === 'unwatchable'),
  )
  const first = broken[0]
  const why = problem ?? (first === undefined ? undefined : `${first.kind}: ${first.reason ?? first.state}`)
  if (kinds.length === 0 && why === undefined)
    return reached === undefined ? undefined : { why: 'no selected kind may be watched', counts: 'now' }
  if (why === undefined) return undefined
  if (broken.length < kinds.length && problem === undefined)
    return { why: `${broken.length} of ${kinds.length} kinds are not watched: ${why}`, counts: 'partly' }
  if (broken.length < kinds.length) return { why, counts: 'lasting' }
  return {
    why: first === undefined ? why : `no kind is watched: ${why}`,
    counts: kinds.some(({ watches }) => watches > 0) ? 'lasting' : 'now',
  }
}

export type KubernetesStatus = Omit<WatchedCluster, 'name' | 'type'>

/** A standby replica has the leader's changes on disk. */
export function statusOf({
  watched,
  ...facts
}: Omit<KubernetesStatus, 'synced' | 'kinds'> & { readonly watched: readonly Watched[] }): KubernetesStatus {
  const kinds = watched.map(({ type: { kind, group }, namespace, reader, collection }) => ({
    kind,
    group,
    ...(namespace === undefined ? {} : { namespace }),
    objects: collection.objects.size,
    ...reader.status(),
  }))
  const kept =
    facts.lease?.state === 'stands by' ||
    watched.every(({ reader, collection }) => reader.status().state !== 'watching' || collection.kept)
  const settled = new Set<ReaderStatus['state']>(['watching', 'forbidden', 'missing', 'unwatchable'])
  return {
    ...facts,
    synced:
      facts.reached !== undefined &&
      kinds.length > 0 &&
      kept &&
      kinds.every(
        ({ state, lists, watches }) => settled.has(state) || (state === 'waiting' && watches > 0 && lists === 0),
      ),
    kinds,
  }
}
