import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { ShownLevel, TrafficMark, Verdict } from '../../../src/api/published.ts'
import { request, type Query } from './client.ts'

export type { TrafficMark }

export type TrafficMarks = Readonly<{ marks: readonly TrafficMark[]; others: number }>

export type Candidate = TrafficMark &
  Readonly<{
    score: number
    /** Of the changed traffic. */
    share: number
    seconds_before: number
    /** Further changes of the same object, which are not listed. */
    repeats: number
  }>

type End = Readonly<{ namespace: string; kind: string; name: string }>

export type Preceding = Verdict &
  Readonly<{
    onset: string
    detected: boolean
    levels: readonly ShownLevel[]
    before: number
    after: number
    window: Readonly<{ from: string; to: string }>
    pairs: readonly Readonly<{ source: End; destination: End; before: number; after: number }>[]
    candidates: readonly Candidate[]
    others: number
    excluded: Readonly<{ noise: number; controllers: number; unrelated: number }>
  }>

const none: readonly TrafficMark[] = []

/** Empty until they are known, and without a store. */
export function useTrafficMarks(query: Query, enabled: boolean, refreshMs: number): readonly TrafficMark[] {
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

export function usePreceding(query: Query): UseQueryResult<Preceding> {
  return useQuery({
    queryKey: ['why', query],
    staleTime: Infinity,
    gcTime: 30_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => request<Preceding>('/api/v1/why', { signal, query }),
  })
}
