import { useQueries } from '@tanstack/react-query'
import type { PrometheusResult } from '../../../../src/api/published.ts'
import { request } from '../../api/client.ts'
import type { Variable } from '../../parts/dashboards/definition.ts'
import { spanOf } from '../../parts/metrics/queries.ts'
import type { Range } from '../../state/range.ts'
import { inExpression } from '../../parts/dashboards/variables.ts'

export type ValuesQuery = Readonly<{ base: '/prometheus' | '/loki'; selector: string; label: string }>

/** `label_values(metric, label)`, or `log_label_values({selector}, label)` of log lines; undefined: no such query. */
export function readValuesQuery(query: string): ValuesQuery | undefined {
  const [, logs, inside = ''] = /^\s*(log_)?label_values\(\s*([^]*?)\s*\)\s*$/.exec(query) ?? []
  const [, selector = '', label = ''] = /^(?:([^]*?)\s*,\s*)?([a-zA-Z_]\w*)$/.exec(inside) ?? []
  return label === '' ? undefined : { base: logs === undefined ? '/prometheus' : '/loki', selector, label }
}

/** Values that variables can have, by their names; without those that are not known yet. */
export function useOffered(
  variables: readonly Variable[],
  t: Range,
  revision: number,
): Readonly<Record<string, readonly string[]>> {
  const answers = useQueries({
    queries: variables.map((variable) => {
      const { base, selector, label } = readValuesQuery(variable.query) ?? { base: '', selector: '', label: '' }
      const others = variables.filter(({ name }) => name !== variable.name)
      const match = inExpression(selector, others, spanOf(t))
      return {
        queryKey: ['offered', base, match, label, t, revision],
        enabled: label !== '',
        staleTime: 60_000,
        retry: false,
        queryFn: async ({ signal }: { signal: AbortSignal }) => {
          const { start, end } = spanOf(t)
          const query = { start, end, ...(match === '' ? {} : { 'match[]': match, query: match }) }
          const path = `${base}/api/v1/label/${label}/values`
          return (await request<PrometheusResult<readonly string[]>>(path, { signal, query })).data
        },
      }
    }),
  })
  return Object.fromEntries(
    variables.map(({ name, options }, at) => [name, [...new Set([...options, ...(answers[at]?.data ?? [])])]]),
  )
}
