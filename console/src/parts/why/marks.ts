import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { PrecedingChanges, TrafficMark, TrafficMarks } from '../../../../src/api/published.ts'
import { request, type Query } from '../../api/client.ts'

const none: readonly TrafficMark[] = []

/** Empty until they are known, and without a store. */
export function useTrafficMarks(
  query: Query,
  refreshMs: number,
  { enabled }: Readonly<{ enabled: boolean }> = { enabled: true },
): readonly TrafficMark[] {
  const { data } = useQuery({
    queryKey: ['marks', query],
    enabled,
    staleTime: Infinity,
    gcTime: 30_000,
    retry: false,
    placeholderData: keepPreviousData,
    ...(refreshMs > 0 ? { refetchInterval: refreshMs } : {}),
    queryFn: ({ signal }) => request<TrafficMarks>('/api/v1/marks', { signal, query }),
  })
  return enabled ? (data?.marks ?? none) : none
}

export function usePreceding(query: Query): UseQueryResult<PrecedingChanges> {
  return useQuery({
    queryKey: ['why', query],
    staleTime: Infinity,
    gcTime: 30_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => request<PrecedingChanges>('/api/v1/why', { signal, query }),
  })
}
