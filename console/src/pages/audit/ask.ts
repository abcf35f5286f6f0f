import { keepPreviousData, useInfiniteQuery, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { ask, type Query } from '../../api/client.ts'
import type { Firsts, Logins, Newest, Trace, TraceColumns, TracePage, TraceSums, WholeTrace } from '../../api/traces.ts'
import type { Span } from '../../api/objects.ts'
import { listText } from '../../state/parts.ts'
import type { Range } from '../../state/range.ts'
import { useLast } from '../../hooks/use-last-answer.ts'
import { facets, type TraceFilter } from './state.ts'

/** The filter as parameters of the API. */
export function traceQuery(filter: TraceFilter): Query {
  return { text: filter.q, ...Object.fromEntries(facets.map((facet) => [facet, listText(filter[facet])])) }
}

const pageRows = 200

export interface Traces {
  readonly rows: readonly Trace[]
  readonly total: number | undefined
  readonly span: Span | undefined
  readonly busy: boolean
  readonly error: unknown
  readonly next: () => void
  readonly again: () => void
}

/** The whole answer, page by page, newest first. `turn` changes when it is asked anew. */
export function useTraces(question: Query, t: Range, turn: string): Traces {
  const key = JSON.stringify([question, t, turn])
  const answer = useInfiniteQuery({
    queryKey: ['traces', key], staleTime: Infinity, gcTime: 60_000, placeholderData: keepPreviousData, structuralSharing: false, initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => ask<TracePage>('/api/v1/audit', { signal, query: { ...question, from: t.from, to: t.to, limit: pageRows, cursor: pageParam } }),
    getNextPageParam: ({ next }) => next ?? undefined,
  })
  const { hasNextPage, isFetching, isError, error, fetchNextPage, refetch } = answer
  const data = useLast(answer.data, isError)
  const next = useCallback(() => { if (hasNextPage && !isFetching && !isError) fetchNextPage().catch(reportError) }, [hasNextPage, isFetching, isError, fetchNextPage])
  return {
    rows: useMemo(() => data?.pages.flatMap(({ traces }) => traces) ?? [], [data]), total: data?.pages[0]?.total, span: data?.pages[0]?.span, busy: isFetching, error: isError ? error : undefined,
    next, again: useCallback(() => { refetch().catch(reportError) }, [refetch]),
  }
}

export function useTraceSums(question: Query, t: Range, { by, limit, buckets, turn }: { readonly by: string; readonly limit: number; readonly buckets: number; readonly turn: string }): UseQueryResult<TraceSums> {
  return useQuery({
    queryKey: ['trace-sums', question, t, by, limit, buckets, turn], staleTime: Infinity, gcTime: 60_000, placeholderData: keepPreviousData,
    queryFn: ({ signal }) => ask<TraceSums>('/api/v1/audit/sums', { signal, query: { ...question, from: t.from, to: t.to, by, limit, buckets } }),
  })
}

/** One of the answers about the same traces. */
function useAbout<Answer>(path: 'columns' | 'firsts' | 'logins', question: Query, t: Range, turn: string): UseQueryResult<Answer> {
  return useQuery({
    queryKey: ['traces-about', path, question, t, turn], staleTime: Infinity, gcTime: 60_000, placeholderData: keepPreviousData,
    queryFn: ({ signal }) => ask<Answer>(`/api/v1/audit/${path}`, { signal, query: { ...question, from: t.from, to: t.to } }),
  })
}

export const useColumns = (question: Query, t: Range, turn: string): UseQueryResult<TraceColumns> => useAbout('columns', question, t, turn)
export const useFirsts = (question: Query, t: Range, turn: string): UseQueryResult<Firsts> => useAbout('firsts', question, t, turn)
export const useLogins = (question: Query, t: Range, turn: string): UseQueryResult<Logins> => useAbout('logins', question, t, turn)

/** How new what is stored is; again every few seconds. */
export function useNewest(): UseQueryResult<Newest> {
  return useQuery({ queryKey: ['traces-newest'], staleTime: 5000, refetchInterval: 10_000, queryFn: ({ signal }) => ask<Newest>('/api/v1/audit/newest', { signal }) })
}

/** One trace with all that was told. */
export function useTrace(pos: string): UseQueryResult<WholeTrace> {
  return useQuery({ queryKey: ['trace', pos], enabled: pos !== '', staleTime: 60_000, queryFn: ({ signal }) => ask<WholeTrace>('/api/v1/audit/one', { signal, query: { pos } }) })
}
