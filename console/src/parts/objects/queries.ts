import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { request } from '../../api/client.ts'
import type { WholeChange } from '../../api/objects.ts'

export function useChange(pos: string): UseQueryResult<WholeChange> {
  return useQuery({
    queryKey: ['change', pos],
    enabled: pos !== '',
    staleTime: 60_000,
    queryFn: ({ signal }) => request<WholeChange>('/api/v1/changes/one', { signal, query: { pos } }),
  })
}
