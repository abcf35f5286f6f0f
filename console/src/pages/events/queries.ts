import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import type {
  EventContext,
  EventFields,
  EventPage,
  EventRecord,
  EventRow,
  EventSums,
} from '../../../../src/api/published.ts'
import { request, type Query } from '../../api/client.ts'
import { useLivePages, type LivePages } from '../../api/use-live-pages.ts'
import { andFilter } from '../../parts/filter-text.ts'
import { listText } from '../../state/parts.ts'
import type { Range } from '../../state/range.ts'

/** Frames of several sources are stored slightly out of order. */
const overlapMs = 15_000

const rowsOf = ({ events }: EventPage) => events

type EventsQuery = Readonly<{
  filter: string
  columns: readonly string[]
  sort: string
  t: Range
  revision: number
  arrivals: number
  hold: boolean
}>

export function useEvents({ filter, columns, sort, ...list }: EventsQuery): LivePages<EventRow> {
  const question = useMemo(() => ({ filter, columns: listText(columns), sort }), [filter, columns, sort])
  // By receive time, so that none is missing that has an earlier time.
  const newer = useCallback(
    (rows: readonly EventRow[], span: Readonly<{ from: string; to: string }>): Query => {
      const last = rows.reduce((latest, { received }) => (received > latest ? received : latest), '')
      const since = new Date(Date.parse(last === '' ? span.to : last) - overlapMs).toISOString()
      return { from: span.from, filter: andFilter(filter, `time_received >= "${since}"`) }
    },
    [filter],
  )
  return useLivePages<EventPage, EventRow>({ ...list, name: 'events', path: '/api/v1/events', question, rowsOf, newer })
}

type SumsQuery = Readonly<{ filter: string; t: Range; by: string; limit: number; buckets: number; revision: string }>

/** With their filter and range: those of the query before stay until the next ones arrive. */
type OwnedSums = EventSums & Readonly<{ of: string }>

export const sumsOf = (filter: string, t: Range): string => JSON.stringify([filter, t])

export function useEventSums({ filter, t, revision, ...more }: SumsQuery): UseQueryResult<OwnedSums> {
  return useQuery({
    queryKey: ['event-sums', filter, t, more, revision],
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const query = { filter, from: t.from, to: t.to, ...more }
      return { ...(await request<EventSums>('/api/v1/events/sums', { signal, query })), of: sumsOf(filter, t) }
    },
  })
}

export function useEventFields(filter: string, t: Range, revision: number): UseQueryResult<EventFields> {
  return useQuery({
    queryKey: ['event-fields', filter, t, revision],
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      request<EventFields>('/api/v1/events/fields', { signal, query: { filter, from: t.from, to: t.to } }),
  })
}

export function useEvent(pos: string, time: string): UseQueryResult<EventRecord> {
  return useQuery({
    queryKey: ['event', pos],
    staleTime: Infinity,
    queryFn: ({ signal }) => request<EventRecord>('/api/v1/events/one', { signal, query: { pos, time } }),
  })
}

export function useContext(pos: string, time: string, lines: number): UseQueryResult<EventContext> {
  return useQuery({
    queryKey: ['event-context', pos, lines],
    staleTime: Infinity,
    placeholderData: (before: EventContext | undefined, query) => (query?.queryKey[1] === pos ? before : undefined),
    queryFn: ({ signal }) =>
      request<EventContext>('/api/v1/events/context', { signal, query: { pos, time, before: lines, after: lines } }),
  })
}

/** Whether there is a store; the shortest query. */
export function useStoreProbe(): UseQueryResult<EventSums> {
  return useQuery({
    queryKey: ['event-store'],
    staleTime: Infinity,
    retry: false,
    queryFn: ({ signal }) =>
      request<EventSums>('/api/v1/events/sums', { signal, query: { from: 'now-1s', limit: 1, buckets: 1 } }),
  })
}
