import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { request } from '../../api/client.ts'
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

/** `arrivals` changes when objects change. */
export function useResources(state: ResourcesState, arrivals: unknown): Resources {
  const filter = state.old ? state.q : allOf([state.q, `not (${oldReplicaSets})`])
  const query = { ...queryOf(state, filter), limit: 200 }
  const { pages, ...list } = usePages<ResourcePage>(['resources', query, arrivals], '/api/v1/resources', query, {
    staleTime: 10_000,
  })
  const rows = useMemo(() => pages?.flatMap(({ resources }) => resources), [pages])
  return { ...list, rows, total: pages?.[0]?.total, asOf: pages?.[0]?.at }
}

/** Number of old ReplicaSets that match. */
export function useOldReplicaSets(state: ResourcesState, arrivals: unknown): number {
  const query = { ...queryOf(state, allOf([state.q, oldReplicaSets])), limit: 1 }
  const { data } = useQuery<ResourcePage>({
    queryKey: ['old-replica-sets', query, arrivals],
    staleTime: 10_000,
    placeholderData: (before) => before,
    queryFn: ({ signal }) => request<ResourcePage>('/api/v1/resources', { signal, query }),
  })
  return data?.total ?? 0
}
