import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { QuickFilter, QuickFilters } from '../../../../src/api/published.ts'
import { request } from '../../api/client.ts'
import { allOf } from '../../parts/filter-text.ts'

export function useQuickFilters(): UseQueryResult<readonly QuickFilter[]> {
  return useQuery({
    queryKey: ['quick-filters'],
    staleTime: 60_000,
    queryFn: async ({ signal }) => (await request<QuickFilters>('/api/v1/quick-filters', { signal })).filters,
  })
}

export function wholeFilter(typed: string, on: readonly string[], quickFilters: readonly QuickFilter[]): string {
  return allOf([typed, ...quickFilters.filter(({ name }) => on.includes(name)).map(({ filter }) => filter)])
}
