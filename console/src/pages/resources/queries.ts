import { useMemo } from 'react'
import { request, type Query } from '../../api/client.ts'
import type { ResourcePage, ResourceState } from '../../api/objects.ts'
import { usePages } from '../../api/use-pages.ts'
import { allOf, conditionFor } from '../../parts/filter-text.ts'
import { listText } from '../../state/parts.ts'
import type { ListRows } from '../../parts/list-page.tsx'
import type { ResourcesState } from './state.ts'

type Resources = ListRows<ResourceState> &
  Readonly<{ total: number | undefined; more: boolean; next: () => void; asOf: string | undefined }>

const oldReplicaSets = allOf([conditionFor('kind', 'ReplicaSet'), conditionFor('desired', 0)])

const queryOf = ({ kind, namespace, at }: ResourcesState, filter: string) => ({
  filter,
  kind: listText(kind),
  namespace: listText(namespace),
  at,
})

/** Without old ReplicaSets, unless the page shows them. */
export const filterOf = ({ q, old }: ResourcesState): string => (old ? q : allOf([q, `not (${oldReplicaSets})`]))

export const objectKey = ({ ref, uid }: ResourceState): string => `${ref} ${uid}`

export function readResources(query: Query, signal: AbortSignal): Promise<ResourcePage> {
  return request('/api/v1/resources', { signal, query })
}

/** `arrivals` changes when objects change. */
export function useResources(state: ResourcesState, arrivals: unknown): Resources {
  const query = { ...queryOf(state, filterOf(state)), limit: 200 }
  const { pages, ...list } = usePages<ResourcePage>(['resources', query, arrivals], '/api/v1/resources', query, {
    staleTime: 10_000,
  })
  const rows = useMemo(() => pages?.flatMap(({ resources }) => resources), [pages])
  return { ...list, rows, total: pages?.[0]?.total, asOf: pages?.[0]?.at }
}
