import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { Investigation, Lane, LaneItem, LaneName, Measured } from '../../../src/api/published.ts'
import type { Range } from '../state/range.ts'
import { listText } from '../state/parts.ts'
import { serverNow } from '../state/server-time.ts'
import { pathOf, request, textOf } from './client.ts'

export type { Investigation, Lane, LaneItem, LaneName, Measured }

export function useInvestigation(subject: string, t: Range, revision: number): UseQueryResult<Investigation> {
  return useQuery({
    queryKey: ['investigate', subject, t, revision],
    enabled: subject !== '',
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      request<Investigation>('/api/v1/investigate', { signal, query: { subject, from: t.from, to: t.to } }),
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

/** The report with links to this console. */
export function reportOf(
  subject: string,
  t: Range,
  { pins, notes }: Readonly<{ pins: readonly string[]; notes: readonly string[] }>,
): Promise<string> {
  const lists = { pins: listText(pins), notes: listText(notes) }
  const query = { subject, from: t.from, to: t.to, format: 'md', base: location.origin, ...lists }
  return textOf(pathOf('/api/v1/investigate', query))
}
