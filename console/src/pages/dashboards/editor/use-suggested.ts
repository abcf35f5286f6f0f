import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { PrometheusResult } from '../../../../../src/api/published.ts'
import { request, type Query } from '../../../api/client.ts'
import { useFields } from '../../../api/queries.ts'
import type { Panel } from '../../../parts/dashboards/definition.ts'
import { spanOf, useMetrics } from '../../../parts/metrics/queries.ts'
import type { Range } from '../../../state/range.ts'
import { kinds } from '../../../app/panel-kinds.ts'
import type { Suggested } from './completed-input.tsx'
import { inList, inWords, logqlFunctions, matching, placeIn, promqlFunctions, wordAt } from './suggest.ts'
import { valueReader } from './value-readers.ts'

const none: readonly string[] = []

/** Names of metrics, of labels and their values at the caret. */
export function useExpression(
  language: Panel['language'],
  t: Range,
  text: string,
  caret: number | undefined,
): Suggested {
  const place = placeIn(text, caret ?? 0)
  const isMetric = language === 'promql'
  const metrics = useMetrics(t, 0, { enabled: caret !== undefined && isMetric })
  const label = place.is === 'value' ? place.label : ''
  const values = useQuery({
    queryKey: ['labels', language, place.is, label, place.metric, t],
    enabled: caret !== undefined && place.is !== 'name',
    staleTime: 30_000,
    retry: false,
    queryFn: ({ signal }) => {
      const { start, end } = spanOf(t)
      const path = place.is === 'value' ? `label/${encodeURIComponent(label)}/values` : 'labels'
      const query: Query = { start, end, ...(place.metric === '' ? {} : { 'match[]': place.metric }) }
      return request<PrometheusResult<readonly string[]>>(`${isMetric ? '/prometheus' : '/loki'}/api/v1/${path}`, {
        signal,
        query,
      })
    },
  })
  if (place.is !== 'name') return { from: place.from, items: matching(values.data?.data ?? none, place.word) }
  const names = isMetric
    ? [...(metrics.data ?? []).map(({ name }) => name), ...promqlFunctions]
    : [...logqlFunctions, '{']
  return { from: place.from, items: matching(names, place.word) }
}

/** Fields by which the kind groups. */
export function useGroups({ kind }: Panel, text: string, caret: number | undefined): Suggested {
  const { table, groups } = kinds[kind]
  const fields = useFields().data
  const names = groups ?? (table === undefined ? none : (fields?.views[table].map(({ name }) => name) ?? none))
  return inList(text, caret, names)
}

export function useStatement(text: string, caret: number | undefined): Suggested {
  const views = useFields().data?.views
  const columns = Object.values(views ?? {}).flatMap((fields) => fields.map(({ name }) => name))
  return inWords(text, caret, [...new Set([...Object.keys(views ?? {}), ...columns])])
}

/** Values that the stored rows have, of a parameter of the kind. */
export function useValues(panel: Panel, name: string, t: Range, text: string, caret: number | undefined): Suggested {
  const { kind } = panel
  const fixed = kinds[kind].select?.[name] ?? none
  const read = valueReader(panel, name)
  const prefix = read?.isPrefixed === true ? wordAt(text, caret) : ''
  const { data = none } = useQuery({
    queryKey: ['select-values', kind, name, panel.select['family'], prefix, t],
    enabled: caret !== undefined && read !== undefined,
    staleTime: 30_000,
    retry: false,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => read?.values({ t, prefix, signal }) ?? none,
  })
  return inList(text, caret, [...new Set([...fixed.filter((value) => value !== ''), ...data])])
}
