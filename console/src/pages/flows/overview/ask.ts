import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { ask, type Query } from '../../../api/client.ts'
import type { Range } from '../../../state/range.ts'
import { questionQuery, type FlowQuestion } from '../question.ts'
import type { ShownFlows } from '../state.ts'
import type { GroupsAnswer, SeriesAnswer } from './sums.ts'
import type { Dimension, Earlier, Measure } from './state.ts'

/** What all panels ask about. */
export interface Asked extends FlowQuestion {
  readonly t: Range
  /** Rises when they ask anew. */
  readonly turn: number
}

/** A question that is dropped on the server, too, when another takes its place. */
export function useAnswer<T>(path: string, { t, turn, ...question }: Asked, more: Query, enabled = true): UseQueryResult<T> {
  const query = { ...questionQuery(question), from: t.from, to: t.to, ...more }
  return useQuery({
    queryKey: [path, query, turn], enabled, staleTime: Infinity, gcTime: 30_000, placeholderData: keepPreviousData,
    queryFn: ({ signal }) => ask<T>(path, { signal, query }),
  })
}

export function useSeries(asked: Asked, group: Dimension, by: Measure, top: number, enabled: boolean): UseQueryResult<SeriesAnswer> {
  return useAnswer('/api/v1/series', asked, { group, by, limit: top }, enabled)
}

/** The total only, so much earlier. */
export function useEarlier(asked: Asked, before: Earlier, enabled: boolean): { readonly answer: SeriesAnswer | undefined; readonly seconds: number } {
  const seconds = before === 'span' ? spanSeconds(asked.t) : (lengths[before] ?? 0)
  const { data } = useAnswer<SeriesAnswer>('/api/v1/series', asked, { offset: `${seconds}s` }, enabled && before !== '' && seconds > 0)
  return { answer: before === '' ? undefined : data, seconds }
}

export function useGroups(asked: Asked, group: readonly string[], by: Measure, top: number): UseQueryResult<GroupsAnswer> {
  return useAnswer('/api/v1/flows', asked, { group: group.join(','), by, limit: top })
}

const lengths: Readonly<Record<string, number>> = { '1h': 3600, '1d': 86_400, '1w': 604_800 }
const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** Length of the span in whole seconds. */
export function spanSeconds({ from, to }: Range): number {
  return Math.max(1, Math.round(seconds(to) - seconds(from)))
}

function seconds(moment: string): number {
  const [, count, unit = ''] = /^now(?:-(\d+)(s|m|h|d|w))?$/.exec(moment) ?? []
  if (moment.startsWith('now')) return Date.now() / 1000 - Number(count ?? 0) * (units[unit] ?? 0)
  return Date.parse(moment) / 1000
}

/** What the panels ask about, of the state of the page. Live sums are of the span, too, and asked for anew by themselves. */
export function askedOf({ filter, both, once, t, live }: ShownFlows, turn: number): Asked {
  return { filter, both, once, t: live ? { from: t.to === 'now' ? t.from : 'now-15m', to: 'now' } : t, turn }
}
