import { keepPreviousData, useIsFetching, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { AnswerFrame } from '../../../../../src/api/published.ts'
import { ask, type Query } from '../../../api/client.ts'
import type { Range } from '../../../state/range.ts'
import { allOf } from '../../../parts/filter-text.ts'
import { questionQuery, type FlowQuestion } from '../question.ts'
import type { ShownFlows } from '../state.ts'
import { conditions, type Family, type GroupField } from './kinds.ts'
import type { GroupsAnswer, SeriesAnswer } from './sums.ts'
import type { Earlier, Measure } from './state.ts'

/** What all panels ask about. */
export interface Asked extends FlowQuestion {
  readonly t: Range
  /** A new one repeats the queries. */
  readonly revision: number
}

/** A question that is dropped on the server, too, when another takes its place. */
export function useAnswer<T>(
  path: string,
  { t, revision, ...question }: Asked,
  more: Query,
  enabled = true,
): UseQueryResult<T> {
  const query = { ...questionQuery(question), from: t.from, to: t.to, ...more }
  return useQuery({
    queryKey: [path, query, revision],
    enabled,
    staleTime: Infinity,
    gcTime: 30_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => ask<T>(path, { signal, query }),
  })
}

/** Is no query under way? */
export function useIsQuiet(): boolean {
  return useIsFetching() === 0
}

export function useSeries(
  asked: Asked,
  group: GroupField,
  by: Measure,
  top: number,
  enabled: boolean,
): UseQueryResult<SeriesAnswer> {
  return useAnswer<SeriesAnswer>('/api/v1/series', asked, { group, by, limit: top }, enabled)
}

/** The total only, so much earlier. */
export function useEarlier(
  asked: Asked,
  before: Earlier,
  by: Measure,
  enabled: boolean,
): { readonly answer: SeriesAnswer | undefined; readonly seconds: number } {
  const seconds = before === 'span' ? spanSeconds(asked.t) : (lengths[before] ?? 0)
  const { data } = useAnswer<SeriesAnswer>(
    '/api/v1/series',
    asked,
    { by, offset: `${seconds}s` },
    enabled && before !== '' && seconds > 0,
  )
  return { answer: before === '' ? undefined : data, seconds }
}

export function useGroups(
  asked: Asked,
  group: readonly string[],
  by: Measure,
  top: number,
): UseQueryResult<GroupsAnswer> {
  return useAnswer<GroupsAnswer>('/api/v1/flows', asked, { group: group.join(','), by, limit: top })
}

/** Only flows that carry it are asked about; what is asked of them is then asked of few rows. */
export function askedFor(asked: Asked, family: Family): Asked {
  return family === 'flows' ? asked : { ...asked, filter: allOf([asked.filter, conditions[family]]) }
}

/** Do flows of the span carry it? Undefined: not known yet. Once some do, it is not asked again before the question changes. */
export function useHas(asked: Asked, family: Exclude<Family, 'flows'>, enabled: boolean): boolean | undefined {
  const about = JSON.stringify([questionQuery(asked), asked.t])
  const [settled, setSettled] = useState<{ readonly about: string; readonly revision: number }>()
  const revision = settled?.about === about ? settled.revision : asked.revision
  const { data, isPlaceholderData } = useAnswer<AnswerFrame>(
    '/api/v1/flows',
    { ...askedFor(asked, family), revision },
    { columns: '_pos', time: 'flow_time', limit: 1 },
    enabled,
  )
  const has = data === undefined ? undefined : data.rows.length > 0
  useEffect(() => {
    if (has === true && !isPlaceholderData && settled?.about !== about) setSettled({ about, revision })
  }, [has, isPlaceholderData, settled, about, revision])
  return has
}

/** The newest part of a span, and how many seconds it has. */
export function latestOf(t: Range): { readonly t: Range; readonly seconds: number } {
  const whole = spanSeconds(t)
  const length = Math.min(whole, Math.max(10, Math.round(whole / 30)))
  const [, count = '0', unit = 's'] = /^now-(\d+)(s|m|h|d|w)$/.exec(t.to) ?? []
  const from = t.to.startsWith('now')
    ? `now-${Number(count) * (units[unit] ?? 1) + length}s`
    : new Date((momentSeconds(t.to) - length) * 1000).toISOString()
  return { t: { from, to: t.to }, seconds: length }
}

const lengths: Readonly<Record<string, number>> = { '1h': 3600, '1d': 86_400, '1w': 604_800 }
const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** Length of the span in whole seconds. */
export function spanSeconds({ from, to }: Range): number {
  return Math.max(1, Math.round(momentSeconds(to) - momentSeconds(from)))
}

/** Unix seconds of a moment as a span has it, now. */
export function momentSeconds(moment: string): number {
  const [, count, unit = ''] = /^now(?:-(\d+)(s|m|h|d|w))?$/.exec(moment) ?? []
  if (moment.startsWith('now')) return Date.now() / 1000 - Number(count ?? 0) * (units[unit] ?? 0)
  return Date.parse(moment) / 1000
}

/** What the panels ask about, of the state of the page. Live sums are of the span, too, and asked for anew by themselves. */
export function askedOf({ filter, both, once, t, live }: ShownFlows, revision: number): Asked {
  return { filter, both, once, t: live ? { from: t.to === 'now' ? t.from : 'now-15m', to: 'now' } : t, revision }
}
