import { keepPreviousData, useInfiniteQuery, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import type { Range } from '../state/range.ts'
import { request, type Query } from './client.ts'
import type { Span } from './objects.ts'
import type { Newest, Trace, TracePage, TraceSums, WholeTrace } from './traces.ts'
import { useLastAnswer } from './use-last-answer.ts'

const pageRows = 200

type Traces = Readonly<{
  rows: readonly Trace[]
  total: number | undefined
  span: Span | undefined
  busy: boolean
  error: unknown
  next: () => void
  again: () => void
}>

export function useTraces(question: Query, t: Range, revision: string): Traces {
  const key = JSON.stringify([question, t, revision])
  const answer = useInfiniteQuery({
    queryKey: ['traces', key],
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    structuralSharing: false,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      request<TracePage>('/api/v1/audit', {
        signal,
        query: { ...question, from: t.from, to: t.to, limit: pageRows, cursor: pageParam },
      }),
    getNextPageParam: ({ next }) => next ?? undefined,
  })
  const { hasNextPage, isFetching, isError, error, fetchNextPage, refetch } = answer
  const data = useLastAnswer(answer.data, isError)
  const next = useCallback(() => {
    if (hasNextPage && !isFetching && !isError) fetchNextPage().catch(reportError)
  }, [hasNextPage, isFetching, isError, fetchNextPage])
  return {
    rows: useMemo(() => data?.pages.flatMap(({ traces }) => traces) ?? [], [data]),
    total: data?.pages[0]?.total,
    span: data?.pages[0]?.span,
    busy: isFetching,
    error: isError ? error : undefined,
    next,
    again: useCallback(() => {
      refetch().catch(reportError)
    }, [refetch]),
  }
}

export function useTraceSums(
  question: Query,
  t: Range,
  { by, limit, buckets, revision }: Readonly<{ by: string; limit: number; buckets: number; revision: string }>,
): UseQueryResult<TraceSums> {
  return useQuery({
    queryKey: ['trace-sums', question, t, by, limit, buckets, revision],
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      request<TraceSums>('/api/v1/audit/sums', {
        signal,
        query: { ...question, from: t.from, to: t.to, by, limit, buckets },
      }),
  })
}

export function useNewest(): UseQueryResult<Newest> {
  return useQuery({
    queryKey: ['traces-newest'],
    staleTime: 5000,
    refetchInterval: 10_000,
    queryFn: ({ signal }) => request<Newest>('/api/v1/audit/newest', { signal }),
  })
}

export function useTrace(pos: string): UseQueryResult<WholeTrace> {
  return useQuery({
    queryKey: ['trace', pos],
    enabled: pos !== '',
    staleTime: 60_000,
    queryFn: ({ signal }) => request<WholeTrace>('/api/v1/audit/one', { signal, query: { pos } }),
  })
}
