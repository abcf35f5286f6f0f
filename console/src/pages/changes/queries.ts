import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useState } from 'react'
import type { Clusters } from '../../../../src/api/published.ts'
import { request, type Query } from '../../api/client.ts'
import type { Change, ChangePage, ChangeSums, Span } from '../../api/objects.ts'
import { listText } from '../../state/parts.ts'
import type { Range } from '../../state/range.ts'
import { usePages } from '../../api/use-pages.ts'
import { newRevision } from '../../hooks/use-refresh.ts'
import { joined, newestOf } from './newer.ts'
import type { ChangeFilter, Grouping } from './state.ts'

function changeQuery({ q, uid, operation, kind, namespace, name, actor, cluster, noise }: ChangeFilter): Query {
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

const pageRows = 200
const newerRows = 1000
/** Changes can be stored slightly out of order. */
const overlapMs = 60_000

export type Changes = Readonly<{
  rows: readonly Change[]
  span: Span | undefined
  more: boolean
  busy: boolean
  error: unknown
  /** Received but not shown because the table is held; `many`: more than one fetch returns. */
  held: number
  many: boolean
  next: () => void
  again: () => void
  release: () => void
}>

type ChangesQuery = Readonly<{
  filter: ChangeFilter
  t: Range
  revision: number
  arrivals: number
  hold: boolean
}>

export function useChanges({ filter, t, revision, arrivals, hold }: ChangesQuery): Changes {
  const question = useMemo(() => changeQuery(filter), [filter])
  const [jumps, setJumps] = useState(0)
  const key = JSON.stringify([question, t, revision, jumps])
  const query = { ...question, from: t.from, to: t.to, limit: pageRows }
  const list = usePages<ChangePage>(['changes', key], '/api/v1/changes', query)
  const { pages: found, isOwn } = list
  const pages = useMemo(() => found?.flatMap(({ changes }) => changes) ?? [], [found])
  const [taken, setTaken] = useState<Readonly<{ of: string; rows: readonly Change[] }>>({ of: '', rows: [] })
  const above = taken.of === key ? taken.rows : undefined
  const rows = useMemo(() => (above === undefined || above.length === 0 ? pages : joined(above, pages)), [above, pages])
  const span = found?.[0]?.span
  const since =
    span === undefined
      ? undefined
      : new Date(Math.max(Date.parse(span.from), Date.parse(newestOf(rows) ?? span.from) - overlapMs)).toISOString()
  const newer = useQuery({
    queryKey: ['changes-newer', key, arrivals],
    enabled: arrivals > 0 && isOwn && since !== undefined,
    staleTime: Infinity,
    gcTime: 0,
    // Keeps the count between polls, but not for another query.
    placeholderData: (before: ChangePage | undefined, query) => (query?.queryKey[1] === key ? before : undefined),
    queryFn: ({ signal }) =>
      request<ChangePage>('/api/v1/changes', {
        signal,
        query: { ...question, from: since, to: 'now', limit: newerRows },
      }),
  })
  const fresh = useMemo(() => {
    if (newer.data === undefined || !isOwn || arrivals === 0) return []
    const shownPositions = new Set(rows.map(({ pos }) => pos))
    return newer.data.changes.filter(({ pos }) => !shownPositions.has(pos))
  }, [newer.data, isOwn, arrivals, rows])
  const many = fresh.length > 0 && newer.data?.next !== null
  const release = useCallback(() => {
    // Too many to insert above: reload the list.
    if (many) setJumps(newRevision)
    else setTaken((before) => ({ of: key, rows: [...fresh, ...(before.of === key ? before.rows : [])] }))
  }, [many, key, fresh])
  useEffect(() => {
    if (!hold && fresh.length > 0) release()
  }, [hold, fresh, release])
  return {
    rows,
    span,
    more: list.more,
    busy: list.busy,
    error: list.error ?? (newer.isError ? newer.error : undefined),
    held: hold ? fresh.length : 0,
    many,
    next: list.next,
    again: list.again,
    release,
  }
}

export function useChangeSums(
  filter: ChangeFilter,
  t: Range,
  by: Grouping,
  revision: string,
): UseQueryResult<ChangeSums> {
  return useQuery({
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

export function useClusters(enabled: boolean): UseQueryResult<Clusters> {
  return useQuery({
    queryKey: ['clusters'],
    enabled,
    staleTime: 5000,
    refetchInterval: 15_000,
    queryFn: ({ signal }) => request<Clusters>('/api/v1/clusters', { signal }),
  })
}
