import type { ResourceType } from './client-discovery.ts'
import type { Reader } from './client-reader.ts'
import type { ReaderStatus } from './client-types.ts'
import type { Collection } from './source-objects.ts'

export interface Watched {
  readonly type: ResourceType
  readonly namespace?: string
  readonly reader: Reader
  readonly collection: Collection
}

export interface KindStatus extends ReaderStatus {
  readonly kind: string
  readonly group: string
  readonly namespace?: string
  readonly objects: number
}

export interface KubernetesStatus {
  readonly cluster: string
  /** Unix ms of the last time that the server said what it has. */
  readonly reached?: number
  /** Why it does not answer. */
  readonly problem?: string
  readonly objects: number
  /** Since the start. */
  readonly changes: number
  readonly hidden: number
  /** Groups whose server does not answer. */
  readonly unavailable: readonly string[]
  /** Everything is watched that can be: what is forbidden or gone is not waited for. */
  readonly synced: boolean
  readonly kinds: readonly KindStatus[]
}

export function statusOf({ watched, ...facts }: Omit<KubernetesStatus, 'synced' | 'kinds'> & { readonly watched: readonly Watched[] }): KubernetesStatus {
  const kinds = watched.map(({ type: { kind, group }, namespace, reader, collection }) => ({
    kind, group, ...(namespace === undefined ? {} : { namespace }), objects: collection.objects.size, ...reader.status(),
  }))
  const settled = new Set<ReaderStatus['state']>(['watching', 'forbidden', 'missing', 'unwatchable'])
  return { ...facts, synced: facts.reached !== undefined && kinds.length > 0 && kinds.every(({ state, lists, watches }) => settled.has(state) || (state === 'waiting' && watches > 0 && lists === 0)), kinds }
}
