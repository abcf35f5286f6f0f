import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { useStale } from '../../api/use-stale.ts'
import { request } from '../../api/client.ts'
import type { ResourcePage, ResourceState } from '../../api/objects.ts'
import { listText } from '../../state/parts.ts'
import type { ListRows } from '../../parts/list-page.tsx'
import type { ResourcesState } from './state.ts'

type Resources = ListRows<ResourceState> & Readonly<{ total: number | undefined; more: boolean; next: () => void }>

/** `arrivals` changes when objects change. */
export function useResources({ q, kind, namespace, at }: ResourcesState, arrivals: unknown): Resources {
  const query = { filter: q, kind: listText(kind), namespace: listText(namespace), at, limit: 200 }
  const list = useInfiniteQuery({
    queryKey: ['resources', q, kind, namespace, at, arrivals],
    staleTime: 10_000,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      request<ResourcePage>('/api/v1/resources', {
        signal,
        query: { ...query, cursor: pageParam },
      }),
    getNextPageParam: ({ next }) => next ?? undefined,
  })
  const { data, error, isError, isFetching, hasNextPage, fetchNextPage, refetch } = list
  const stale = useStale(query, list, data)
  const rows = useMemo(() => data?.pages.flatMap(({ resources }) => resources), [data])
  return {
    rows,
    error: isError ? error : undefined,
    busy: isFetching,
    stale,
    again: () => {
      refetch().catch(reportError)
    },
    total: data?.pages[0]?.total,
    more: (data?.pages.at(-1)?.next ?? null) !== null,
    next: useCallback(() => {
      if (hasNextPage && !isFetching) fetchNextPage().catch(reportError)
    }, [hasNextPage, isFetching, fetchNextPage]),
  }
}
