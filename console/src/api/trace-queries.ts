import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Range } from '../state/range.ts'
import { request, type Query } from './client.ts'
import type { Span } from './objects.ts'
import type { Newest, Trace, TracePage, TraceSums, WholeTrace } from './traces.ts'
import { usePages } from './use-pages.ts'

const pageRows = 200

type Traces = Readonly<{
  rows: readonly Trace[]
  total: number | undefined
  span: Span | undefined
  busy: boolean
  stale: boolean
  error: unknown
  next: () => void
  again: () => void
}>

export function useTraces(question: Query, t: Range, revision: string): Traces {
  const key = JSON.stringify([question, t, revision])
  const query = { ...question, from: t.from, to: t.to, limit: pageRows }
  const { pages, busy, stale, error, next, again } = usePages<TracePage>(['traces', key], '/api/v1/audit', query)
  return {
    rows: useMemo(() => pages?.flatMap(({ traces }) => traces) ?? [], [pages]),
    total: pages?.[0]?.total,
    span: pages?.[0]?.span,
    busy,
    stale,
    error,
    next,
    again,
  }
}

export function useTraceSums(
  question: Query,
  t: Range,
  { by, limit, buckets, revision }: { by: string; limit: number; buckets: number; revision: string },
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
