import { keepPreviousData, useInfiniteQuery, useQuery, type UseQueryResult } from '@tanstack/react-query'
import {
  readInsights,
  readSeverities,
  type InsightList,
  type InsightPage,
  type InsightRows,
  type InsightSelection,
  type SeveritySum,
} from '../../api/insights.ts'
import { selectionOf, type InsightsState } from './state.ts'

const pageRows = 200

/** Rows of a list, page by page. */
export function useInsights<L extends InsightList>(list: L, selection: InsightSelection) {
  const query = useInfiniteQuery({
    queryKey: ['insights', list, selection],
    staleTime: 30_000,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      readInsights(list, { ...selection, limit: pageRows, cursor: pageParam }, signal),
    getNextPageParam: ({ next }) => next ?? undefined,
  })
  return { ...query, rows: query.data?.pages.flatMap((page) => page[list] as readonly InsightRows[L][]) }
}

/** The first rows of a list. */
export function useSomeInsights<L extends InsightList>(
  list: L,
  selection: InsightSelection,
  limit: number,
): UseQueryResult<InsightPage<L>> {
  return useQuery({
    queryKey: ['insights', list, selection, limit],
    staleTime: 30_000,
    queryFn: ({ signal }) => readInsights(list, { ...selection, limit }, signal),
  })
}

/** Without the chosen severities, which select among the sums. */
export function useSeverities(state: InsightsState): UseQueryResult<readonly SeveritySum[]> {
  const selection = selectionOf('problems', { ...state, severity: [] })
  return useQuery({
    queryKey: ['insights', 'sums', selection],
    staleTime: 30_000,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => (await readSeverities(selection, signal)).severities,
  })
}
