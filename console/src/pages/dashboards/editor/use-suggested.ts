import { useQuery } from '@tanstack/react-query'
import type { ChangeSums } from '../../../api/objects.ts'
import type { TraceSums } from '../../../api/traces.ts'
import type { PrometheusResult } from '../../../../../src/api/published.ts'
import { request, type Query } from '../../../api/client.ts'
import { useFields } from '../../../api/queries.ts'
import type { Panel } from '../../../parts/dashboards/definition.ts'
import { spanOf, useMetrics } from '../../../parts/metrics/queries.ts'
import type { SpendSums } from '../../../../../src/topics/spend/schema.ts'
import type { Range } from '../../../state/range.ts'
import { kinds } from '../../../app/panel-kinds.ts'
import type { Suggested } from './completed-input.tsx'
import { inList, inWords, logqlFunctions, matching, placeIn, promqlFunctions } from './suggest.ts'

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

const facets: Readonly<Partial<Record<Panel['kind'], Readonly<{ path: string; by: readonly string[] }>>>> = {
  changes: { path: '/api/v1/changes/sums', by: ['operation', 'kind', 'namespace', 'actor', 'cluster'] },
  audit: { path: '/api/v1/audit/sums', by: ['severity', 'service', 'actor', 'tenant', 'region'] },
  spend: { path: '/api/v1/spend', by: kinds.spend.groups ?? none },
}

type Sums = Pick<ChangeSums | TraceSums, 'groups'> | SpendSums

/** Values that the stored rows have, of a parameter of the kind. */
export function useValues({ kind }: Panel, name: string, t: Range, text: string, caret: number | undefined): Suggested {
  const fixed = kinds[kind].select?.[name] ?? none
  const facet = facets[kind]
  const isFacet = facet?.by.includes(name) === true
  const { data } = useQuery({
    queryKey: ['select-values', kind, name, t],
    enabled: caret !== undefined && isFacet,
    staleTime: 30_000,
    retry: false,
    queryFn: ({ signal }) => {
      const query = { by: name, limit: 100, ...(kind === 'spend' ? {} : { from: t.from, to: t.to, buckets: 1 }) }
      return request<Sums>(facet?.path ?? '', { signal, query })
    },
  })
  const groups = data === undefined ? none : 'groups' in data ? data.groups : data.currencies.flatMap((of) => of.groups)
  const values = (groups as readonly Readonly<{ value: string | null }>[]).flatMap(({ value }) => value ?? [])
  return inList(text, caret, [...new Set([...fixed.filter((value) => value !== ''), ...values])])
}
