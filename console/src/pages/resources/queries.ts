import { useMemo } from 'react'
import type { ResourcePage, ResourceState } from '../../api/objects.ts'
import { usePages } from '../../api/use-pages.ts'
import { listText } from '../../state/parts.ts'
import type { ListRows } from '../../parts/list-page.tsx'
import type { ResourcesState } from './state.ts'

type Resources = ListRows<ResourceState> & Readonly<{ total: number | undefined; more: boolean; next: () => void }>

/** `arrivals` changes when objects change. */
export function useResources({ q, kind, namespace, at }: ResourcesState, arrivals: unknown): Resources {
  const query = { filter: q, kind: listText(kind), namespace: listText(namespace), at, limit: 200 }
  const { pages, ...list } = usePages<ResourcePage>(['resources', query, arrivals], '/api/v1/resources', query, {
    staleTime: 10_000,
  })
  const rows = useMemo(() => pages?.flatMap(({ resources }) => resources), [pages])
  return { ...list, rows, total: pages?.[0]?.total }
}
