import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Clusters } from '../../../../src/api/published.ts'
import { useStale } from '../../api/use-stale.ts'
import { request, type Query } from '../../api/client.ts'
import type { Change, ChangePage, ChangeSums, Span } from '../../api/objects.ts'
import { listText } from '../../state/parts.ts'
import type { Range } from '../../state/range.ts'
import { newestOf } from '../../api/newer.ts'
import { useLivePages, type LivePages } from '../../api/use-live-pages.ts'
import type { ChangeFilter } from './state.ts'
import type { Grouping } from './groupings.ts'

export function changeQuery({ q, uid, operation, kind, namespace, name, actor, cluster, noise }: ChangeFilter): Query {
  return {
    filter: q,
    uid,
    operation: listText(operation),
    kind: listText(kind),
    namespace: listText(namespace),
    name: listText(name),
    actor: listText(actor),
    cluster: listText(cluster),
    ...(noise ? { noise: 'shown' } : {}),
  }
}

/** Changes can be stored slightly out of order. */
const overlapMs = 60_000

export type Changes = LivePages<Change>

type ChangesQuery = Readonly<{
  filter: ChangeFilter
  t: Range
  revision: number
  arrivals: number
  hold: boolean
}>

const rowsOf = ({ changes }: ChangePage) => changes

function newerOf(rows: readonly Change[], { from }: Span): Query {
  const since = Math.max(Date.parse(from), Date.parse(newestOf(rows) ?? from) - overlapMs)
  return { from: new Date(since).toISOString() }
}

export function useChanges({ filter, ...list }: ChangesQuery): Changes {
  const question = useMemo(() => changeQuery(filter), [filter])
  return useLivePages<ChangePage, Change>({
    ...list,
    name: 'changes',
    path: '/api/v1/changes',
    question,
    rowsOf,
    newer: newerOf,
  })
}

export function useChangeSums(
  filter: ChangeFilter,
  t: Range,
  by: Grouping,
  revision: string,
): UseQueryResult<ChangeSums> & Readonly<{ stale: boolean }> {
  const sums = useQuery({
    queryKey: ['change-sums', changeQuery(filter), t, by, revision],
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      request<ChangeSums>('/api/v1/changes/sums', {
        signal,
        query: { ...changeQuery(filter), from: t.from, to: t.to, by, limit: 8 },
      }),
  })
  return { ...sums, stale: useStale([changeQuery(filter), t], sums, sums.data) }
}

/** Changes of these kinds affect traffic. */
const markedKinds = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'NetworkPolicy',
  'Service',
  'Ingress',
  'HTTPRoute',
  'Gateway',
  'HorizontalPodAutoscaler',
]
export const maxMarks = 500

export type ChangesToMark = Readonly<{
  rows: readonly Change[]
  /** False: the time range has more; these are the newest. */
  complete: boolean
}>

/** Changes of the whole range and newer `loaded` ones, to mark in a chart of traffic. Live arrivals send no query. */
export function useChangesToMark(
  filter: ChangeFilter,
  { from, to }: Range,
  revision: number,
  loaded: readonly Change[],
): ChangesToMark {
  const kind = filter.kind.length === 0 ? markedKinds : markedKinds.filter((marked) => filter.kind.includes(marked))
  const query: Query = { ...changeQuery({ ...filter, kind, noise: false }), from, to, limit: maxMarks }
  const { data } = useQuery({
    queryKey: ['change-marks', query, revision],
    enabled: kind.length > 0,
    staleTime: Infinity,
    gcTime: 30_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => request<ChangePage>('/api/v1/changes', { signal, query }),
  })
  const stored = kind.length === 0 ? undefined : data
  return useMemo(() => {
    const byPos = new Map([...(stored?.changes ?? []), ...loaded].map((change) => [change.pos, change]))
    const rows = [...byPos.values()].filter(
      ({ kind: of, noise, initial }) => markedKinds.includes(of) && noise.length === 0 && !initial,
    )
    return { rows, complete: stored === undefined || stored.next === null }
  }, [stored, loaded])
}

export function useValues(
  filter: ChangeFilter,
  t: Range,
  facet: 'kind' | 'namespace' | 'actor' | 'cluster',
): UseQueryResult<ChangeSums> {
  const query = changeQuery({ ...filter, [facet]: [] })
  return useQuery({
    queryKey: ['change-values', query, t, facet],
    staleTime: 10_000,
    queryFn: ({ signal }) =>
      request<ChangeSums>('/api/v1/changes/sums', {
        signal,
        query: { ...query, from: t.from, to: t.to, by: facet, limit: 200, buckets: 1 },
      }),
  })
}

export function useClusters({ enabled }: Readonly<{ enabled: boolean }>): UseQueryResult<Clusters> {
  return useQuery({
    queryKey: ['clusters'],
    enabled,
    staleTime: 5000,
    refetchInterval: 15_000,
    queryFn: ({ signal }) => request<Clusters>('/api/v1/clusters', { signal }),
  })
}
