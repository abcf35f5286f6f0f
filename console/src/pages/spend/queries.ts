import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { Query } from '../../api/client.ts'
import { readSpend, type SpendSums } from '../../api/spend.ts'
import { daysBefore, selectionOf, stepOf, type Days, type SpendState } from './state.ts'

/** Groups of a chart. The table before it has more, so that most groups of both are compared. */
const [chartGroups, comparedGroups] = [8, 1000] as const

function useSums(query: Query, enabled: boolean): UseQueryResult<SpendSums> {
  return useQuery({
    queryKey: ['spend', query],
    enabled,
    staleTime: 60_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => readSpend(query, signal),
  })
}

export function useSpend(
  state: SpendState,
  days: Days,
): Readonly<{ now: UseQueryResult<SpendSums>; before: UseQueryResult<SpendSums> }> {
  const by = state.by === 'tag' ? `tag:${state.tag}` : state.by
  const enabled = state.by !== 'tag' || state.tag !== ''
  const selection = { ...selectionOf(state), by }
  return {
    now: useSums({ ...selection, ...days, step: stepOf(state.span), limit: chartGroups }, enabled),
    before: useSums({ ...selection, ...daysBefore(days), limit: comparedGroups }, enabled),
  }
}
