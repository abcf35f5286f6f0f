import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { request, type Query } from '../../api/client.ts'
import type { Firsts, Logins, TraceColumns } from '../../api/traces.ts'
import { listText } from '../../state/parts.ts'
import type { Range } from '../../state/range.ts'
import { facets, type TraceFilter } from './state.ts'

export function traceQuery(filter: TraceFilter): Query {
  return { filter: filter.q, ...Object.fromEntries(facets.map((facet) => [facet, listText(filter[facet])])) }
}

function useAbout<Answer>(
  path: 'columns' | 'first-seen' | 'logins',
  question: Query,
  t: Range,
  revision: string,
): UseQueryResult<Answer> {
  return useQuery({
    queryKey: ['traces-about', path, question, t, revision],
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      request<Answer>(`/api/v1/audit/${path}`, { signal, query: { ...question, from: t.from, to: t.to } }),
  })
}

export const useColumns = (question: Query, t: Range, revision: string): UseQueryResult<TraceColumns> =>
  useAbout('columns', question, t, revision)
export const useFirsts = (question: Query, t: Range, revision: string): UseQueryResult<Firsts> =>
  useAbout('first-seen', question, t, revision)
export const useLogins = (question: Query, t: Range, revision: string): UseQueryResult<Logins> =>
  useAbout('logins', question, t, revision)
