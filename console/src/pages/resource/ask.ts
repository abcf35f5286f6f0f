import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { ask } from '../../api/client.ts'
import type { WholeResource } from '../../api/objects.ts'
import { asRefused } from '../../api/problem.ts'
import type { SeriesAnswer } from '../../api/series.ts'
import { parseRef } from '../../state/refs.ts'
import type { Peers } from './traffic.ts'

/** All that is told of an object, as of a time; again every few seconds while that is now. */
export function useResource(ref: string, at: string): UseQueryResult<WholeResource> {
  return useQuery<WholeResource>({
    queryKey: ['resource', ref, at],
    enabled: parseRef(ref) !== undefined,
    // Of the same object: what was shown stays until it is known how it was at the other time.
    placeholderData: (before) => (before?.ref === ref ? before : undefined),
    refetchInterval: ({ state }) =>
      at !== 'now' || (state.error !== null && [401, 403, 404].includes(asRefused(state.error).status)) ? false : 5000,
    queryFn: ({ signal }) => ask<WholeResource>('/api/v1/resources/one', { signal, query: { ref, at } }),
  })
}

export interface FlowsAsked {
  readonly filter: string
  readonly from: string
  readonly to: string
}

/** Bytes over time of what the filter says. */
export function useTraffic({ filter, from, to }: FlowsAsked): UseQueryResult<SeriesAnswer> {
  return useQuery({
    queryKey: ['resource-series', filter, from, to],
    enabled: filter !== '',
    staleTime: 5000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => ask<SeriesAnswer>('/api/v1/series', { signal, query: { filter, from, to } }),
  })
}

/** Who is at the other end, the largest first. */
export function usePeers({ filter, from, to }: FlowsAsked, group: readonly string[]): UseQueryResult<Peers> {
  return useQuery({
    queryKey: ['resource-peers', filter, from, to, group],
    enabled: filter !== '',
    staleTime: 5000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      ask<Peers>('/api/v1/flows', {
        signal,
        query: { filter, from, to, group: group.join(','), by: 'bytes', limit: 8 },
      }),
  })
}
