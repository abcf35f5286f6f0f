import type { WatchedCluster } from '../../engine/control.ts'
import type { ResourceType } from './client-discovery.ts'
import type { Reader } from './client-reader.ts'
import type { ReaderStatus } from './client-types.ts'
import type { Collection } from './source-objects.ts'
import type { Tracker } from './source-tracker.ts'

export interface Watched {
  readonly type: ResourceType
  readonly namespace?: string
  readonly reader: Reader
  readonly collection: Collection
}

export interface Running extends Watched {
  readonly stop: AbortController
  readonly done: Promise<void>
  readonly tracker: Tracker
  readonly path: string
  readonly selectors: Readonly<Record<string, string>>
  /** Unix ms: when it was known to be right last. */
  right?: number
}

export type KubernetesStatus = Omit<WatchedCluster, 'name' | 'type'>

/** Who stands by has on disk what another one has told. */
export function statusOf({ watched, ...facts }: Omit<KubernetesStatus, 'synced' | 'kinds'> & { readonly watched: readonly Watched[] }): KubernetesStatus {
  const kinds = watched.map(({ type: { kind, group }, namespace, reader, collection }) => ({
    kind, group, ...(namespace === undefined ? {} : { namespace }), objects: collection.objects.size, ...reader.status(),
  }))
  const kept = facts.lease?.state === 'stands by' || watched.every(({ reader, collection }) => reader.status().state !== 'watching' || collection.kept)
  const settled = new Set<ReaderStatus['state']>(['watching', 'forbidden', 'missing', 'unwatchable'])
  return { ...facts, synced: facts.reached !== undefined && kinds.length > 0 && kept && kinds.every(({ state, lists, watches }) => settled.has(state) || (state === 'waiting' && watches > 0 && lists === 0)), kinds }
}
