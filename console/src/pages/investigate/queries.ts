import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { Investigation } from '../../../../src/api/published.ts'
import { pathOf, request, textOf } from '../../api/client.ts'
import { listText } from '../../state/parts.ts'
import type { Range } from '../../state/range.ts'

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
