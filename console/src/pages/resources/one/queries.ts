import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { request } from '../../../api/client.ts'
import type { WholeResource } from '../../../api/objects.ts'
import { asApiError } from '../../../api/problem.ts'
import type { FlowGroups, Investigation, Lane, Series } from '../../../../../src/api/published.ts'
import { parseRef } from '../../../state/refs.ts'
import { serverNow } from '../../../state/server-time.ts'

export function useResource(ref: string, at: string): UseQueryResult<WholeResource> {
  return useQuery<WholeResource>({
    queryKey: ['resource', ref, at],
    enabled: parseRef(ref) !== undefined,
    placeholderData: (before) => (before?.ref === ref ? before : undefined),
    refetchInterval: ({ state }) =>
      at !== 'now' || (state.error !== null && [401, 403, 404].includes(asApiError(state.error).status)) ? false : 5000,
    queryFn: ({ signal }) => request<WholeResource>('/api/v1/resources/one', { signal, query: { ref, at } }),
  })
}

export type FlowRange = Readonly<{
  filter: string
  from: string
  to: string
}>

export function useTraffic({ filter, from, to }: FlowRange): UseQueryResult<Series> {
  return useQuery({
    queryKey: ['resource-series', filter, from, to],
    enabled: filter !== '',
    staleTime: 5000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => request<Series>('/api/v1/series', { signal, query: { filter, from, to } }),
  })
}

export function usePeers({ filter, from, to }: FlowRange, group: readonly string[]): UseQueryResult<FlowGroups> {
  return useQuery({
    queryKey: ['resource-peers', filter, from, to, group],
    enabled: filter !== '',
    staleTime: 5000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      request<FlowGroups>('/api/v1/flows', {
        signal,
        query: { filter, from, to, group: group.join(','), by: 'bytes', limit: 8 },
      }),
  })
}

/** Costs of 30 days before a time, of the machines and the namespace of an object. */
export function useCostLane(subject: string, at: string): UseQueryResult<Lane | undefined> {
  const to = new Date(at === 'now' ? serverNow() : at)
  return useQuery({
    queryKey: ['investigate', 'cost', subject, at],
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const from = new Date(to.getTime() - 30 * 86_400_000).toISOString()
      const query = { subject, from, to: to.toISOString(), lanes: 'cost' }
      return (await request<Investigation>('/api/v1/investigate', { signal, query })).lanes[0]
    },
  })
}
