import { keepPreviousData, useQueries, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useMemo } from 'react'
import {
  severities,
  readImageDiff,
  readInsights,
  readSeverities,
  type ImageDiff,
  type InsightList,
  type InsightPage,
  type ListedRows,
  type InsightSelection,
  type SeveritySum,
} from './requests.ts'
import { usePages } from '../../api/use-pages.ts'
import { selectionOf, type InsightsState } from './state.ts'

const pageRows = 200

/** Rows of a list, page by page. */
export function useInsights<L extends InsightList>(list: L, selection: InsightSelection) {
  const query = { ...selection, limit: pageRows }
  const { pages, ...rest } = usePages<InsightPage<L>>(['insights', list, query], `/api/v1/${list}`, query, {
    staleTime: 30_000,
    question: [list, selection],
  })
  const rows = useMemo(() => pages?.flatMap((page) => page[list] as readonly ListedRows[L][]), [pages, list])
  return { ...rest, rows, total: pages?.[0]?.total }
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

/** All rows of a list, for a file. */
export async function readAll<L extends InsightList>(
  list: L,
  selection: InsightSelection,
): Promise<readonly ListedRows[L][]> {
  const rows: ListedRows[L][] = []
  const { signal } = new AbortController()
  for (let cursor: string | undefined, more = true; more;) {
    const page: InsightPage<L> = await readInsights(list, { ...selection, limit: 1000, cursor }, signal)
    for (const row of page[list] as readonly ListedRows[L][]) rows.push(row)
    cursor = page.next ?? undefined
    more = cursor !== undefined
  }
  return rows
}

export function useImageDiff(from: string, to: string): UseQueryResult<ImageDiff> {
  return useQuery({
    queryKey: ['insights', 'diff', from, to],
    staleTime: 30_000,
    enabled: from !== '' && to !== '' && from !== to,
    queryFn: ({ signal }) => readImageDiff(from, to, signal),
  })
}

/** Without the chosen severities, which select among the sums. */
function sumsSelection(state: InsightsState): InsightSelection {
  return selectionOf('problems', { ...state, severity: [] })
}

const trendDays = 7
const msPerDay = 86_400_000

/**
 * Numbers of ids by severity at the ends of the last days, oldest first; undefined until all are known. null: a day
 * before the first finding, of which no report may be stored.
 */
export function useTrend(
  state: InsightsState,
  { enabled }: Readonly<{ enabled: boolean }>,
): ReadonlyMap<string, readonly (number | null)[]> | undefined {
  const selection = sumsSelection(state)
  const today = Math.floor(Date.now() / msPerDay) * msPerDay
  const days = useQueries({
    queries: Array.from({ length: trendDays }, (_, day) => {
      const at = new Date(today - (trendDays - 1 - day) * msPerDay).toISOString()
      return {
        queryKey: ['insights', 'sums', selection, at],
        // A browser has six connections, which the rows need first.
        enabled,
        // The past changes with late reports only.
        staleTime: 600_000,
        queryFn: async ({ signal }: { signal: AbortSignal }) =>
          (await readSeverities({ ...selection, at }, signal)).severities,
      }
    }),
  })
  if (days.some(({ data }) => data === undefined)) return undefined
  const firstDay = days.findIndex(({ data = [] }) => data.some(({ ids }) => ids > 0))
  const first = firstDay < 0 ? days.length : firstDay
  return new Map(
    severities.map((severity) => [
      severity,
      days.map(({ data }, day) => (day < first ? null : (data?.find((sum) => sum.severity === severity)?.ids ?? 0))),
    ]),
  )
}

export function useSeverities(state: InsightsState): UseQueryResult<readonly SeveritySum[]> {
  const selection = sumsSelection(state)
  return useQuery({
    queryKey: ['insights', 'sums', selection],
    staleTime: 30_000,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => (await readSeverities(selection, signal)).severities,
  })
}
