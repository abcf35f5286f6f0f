import type { FlowFrame, FlowGroups, Series } from '../../../../../src/api/published.ts'
import { keepPreviousData, useIsFetching, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { request, type Query } from '../../../api/client.ts'
import { momentOf } from '../../../hooks/use-refresh.ts'
import type { Range } from '../../../state/range.ts'
import { serverNow } from '../../../state/server-time.ts'
import type { FlowQuery } from './flow-query.ts'
import { receiptOf } from './receipt.ts'
import { resolvedRange } from './resolved-range.ts'
import { allOf } from '../../../parts/filter-text.ts'
import { questionQuery } from '../flow-filter.ts'
import { conditions, type Family, type Feature, type GroupField } from './families.ts'
import { earlierSeconds } from '../../../parts/earlier.ts'
import type { Earlier, Measure } from './state.ts'

export function useAnswer<T>(
  path: string,
  { t, revision, ...question }: FlowQuery,
  more: Query,
  { enabled }: Readonly<{ enabled: boolean }> = { enabled: true },
): UseQueryResult<T> {
  const query = { ...questionQuery(question), ...t, ...more }
  return useQuery({
    queryKey: [path, query, revision],
    enabled,
    staleTime: Infinity,
    gcTime: 30_000,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const receipt = more['time'] === 'time_received' ? '' : await receiptOf(t, revision)
      const filter = allOf([question.filter, receipt])
      return request<T>(path, { signal, query: { ...query, filter, ...resolvedRange(t, momentOf(revision)) } })
    },
  })
}

export function useIsQuiet(): boolean {
  return useIsFetching() === 0
}

/** The other end; undefined if groups by the dimension and by pairs share no pass over the flows. */
export function otherEnd(dim: string): string | undefined {
  return dim === 'src_endpoint' ? 'dst_endpoint' : dim === 'dst_endpoint' ? 'src_endpoint' : undefined
}

type RankedGroups = Readonly<{
  group: GroupField
  by: Measure
  limit: number
  beside: string | undefined
}>

export function useSeries(
  flowQuery: FlowQuery,
  ranked: RankedGroups,
  { enabled }: Readonly<{ enabled: boolean }>,
): UseQueryResult<Series> {
  return useAnswer<Series>('/api/v1/series', flowQuery, { ...ranked, sums: 'ranked' }, { enabled })
}

export function useEarlier(
  flowQuery: FlowQuery,
  before: Earlier,
  by: Measure,
  { enabled }: Readonly<{ enabled: boolean }>,
): Readonly<{ answer: Series | undefined; seconds: number }> {
  const seconds = offsetSeconds(before, flowQuery.t)
  const { data } = useAnswer<Series>(
    '/api/v1/series',
    flowQuery,
    { by, offset: `${seconds}s` },
    { enabled: enabled && before !== '' && seconds > 0 },
  )
  return { answer: before === '' ? undefined : data, seconds }
}

/** Only the page's total of protocols shows all sums. */
export function useGroups(
  flowQuery: FlowQuery,
  group: readonly string[],
  by: Measure,
  top: number,
  beside?: string,
): UseQueryResult<FlowGroups> {
  const fields = group.join(',')
  const sums = fields === 'proto' ? 'all' : 'ranked'
  return useAnswer<FlowGroups>('/api/v1/flows', flowQuery, { group: fields, by, limit: top, sums, beside })
}

/** Equal for all revisions of a query. */
export function aboutOf(flowQuery: FlowQuery): string {
  return JSON.stringify([questionQuery(flowQuery), flowQuery.t])
}

/** Groups in total, with those beyond the limit. */
export function valuesOf({ rows, total }: FlowGroups): number {
  return total.groups ?? rows.length
}

/** Restricts the query to flows that have the field, so that the panels scan few rows. */
export function restrictTo(flowQuery: FlowQuery, family: Family): FlowQuery {
  return family === 'flows' ? flowQuery : { ...flowQuery, filter: allOf([flowQuery.filter, conditions[family]]) }
}

export function useHas(
  flowQuery: FlowQuery,
  family: Feature,
  { enabled }: Readonly<{ enabled: boolean }>,
): boolean | undefined {
  const about = aboutOf(flowQuery)
  const [settled, setSettled] = useState<Readonly<{ about: string; revision: number }>>()
  const revision = settled?.about === about ? settled.revision : flowQuery.revision
  const { data, isPlaceholderData } = useAnswer<FlowFrame>(
    '/api/v1/flows',
    { ...restrictTo(flowQuery, family), revision },
    { columns: '_pos', time: 'flow_time', limit: 1 },
    { enabled },
  )
  const has = data === undefined ? undefined : data.rows.length > 0
  useEffect(() => {
    if (has === true && !isPlaceholderData && settled?.about !== about) setSettled({ about, revision })
  }, [has, isPlaceholderData, settled, about, revision])
  return has
}

export function latestOf(t: Range): Readonly<{ t: Range; seconds: number }> {
  const whole = spanSeconds(t)
  const length = Math.min(whole, Math.max(10, Math.round(whole / 30)))
  const [, count = '0', unit = 's'] = /^now-(\d+)(s|m|h|d|w)$/.exec(t.to) ?? []
  const from = t.to.startsWith('now')
    ? `now-${Number(count) * (units[unit] ?? 1) + length}s`
    : new Date((momentSeconds(t.to) - length) * 1000).toISOString()
  return { t: { from, to: t.to }, seconds: length }
}

/** 0: no comparison. */
export function offsetSeconds(before: Earlier, t: Range): number {
  return before === 'span' ? spanSeconds(t) : earlierSeconds[before]
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

export function spanSeconds({ from, to }: Range): number {
  return Math.max(1, Math.round(momentSeconds(to) - momentSeconds(from)))
}

export function momentSeconds(moment: string): number {
  const [, count, unit = ''] = /^now(?:-(\d+)(s|m|h|d|w))?$/.exec(moment) ?? []
  if (moment.startsWith('now')) return serverNow() / 1000 - Number(count ?? 0) * (units[unit] ?? 0)
  return Date.parse(moment) / 1000
}
