import type { PrometheusInstant, PrometheusMatrix, PrometheusResult } from '../../../../../../src/api/published.ts'
import { request } from '../../../../api/client.ts'
import { lineName } from '../../../../parts/metrics/lines.ts'
import { spanOf, type Span } from '../../../../parts/metrics/queries.ts'
import type { PanelQuery } from '../../../../parts/dashboards/definition.ts'
import { usePanelQuery } from '../../../../parts/dashboards/panel-query.ts'
import { inExpression, inText } from '../../../../parts/dashboards/variables.ts'
import type { PanelProps } from '../../../../parts/dashboards/kind.ts'

export type MetricResult = Readonly<{
  name: string
  labels: Readonly<Record<string, string>>
  points: readonly (readonly [seconds: number, value: number])[]
}>
export type MetricResults = Readonly<{ span: Span; results: readonly MetricResult[]; warnings: readonly string[] }>

type Labels = Readonly<Record<string, string>>
type Sample = readonly [seconds: number, value: string]
/** `range`: a value at each step; `instant`: one at the end. */
export function useMetricResults(
  { panel, variables, t, revision }: PanelProps,
  how: 'range' | 'instant',
): ReturnType<typeof usePanelQuery<MetricResults>> {
  const { queries, language } = panel
  const base = language === 'logql' ? '/loki/api/v1' : '/prometheus/api/v1'
  const shown = queries.filter(({ expr }) => expr.trim() !== '')
  const read = async (signal: AbortSignal): Promise<MetricResults> => {
    const span = spanOf(t)
    const answers = await Promise.all(
      shown.map(async (query) => {
        const expr = inExpression(query.expr, variables, span)
        if (how === 'instant') {
          const { data, warnings = [] } = await request<PrometheusResult<PrometheusInstant>>(`${base}/query`, {
            signal,
            query: { query: expr, time: span.end },
          })
          return { results: instantResults(data), query, expr, warnings }
        }
        const { data, warnings = [] } = await request<PrometheusResult<PrometheusMatrix>>(`${base}/query_range`, {
          signal,
          query: { query: expr, ...span, ...(language === 'logql' ? { step: `${span.step}s` } : {}) },
        })
        return { results: data.result, query, expr, warnings }
      }),
    )
    const isAlone = answers.length === 1
    return {
      span,
      warnings: [...new Set(answers.flatMap(({ warnings }) => warnings))],
      results: answers.flatMap(({ results, query, expr }) =>
        results.map(({ metric, values }) => ({
          name: seriesName(metric, { ...query, legend: inText(query.legend, variables) }, isAlone ? '' : expr),
          labels: metric,
          points: values.map(([at, value]) => [at, Number(value)] as const),
        })),
      ),
    }
  }
  return usePanelQuery({ key: [base, how, shown, variables, t], revision, enabled: shown.length > 0, read })
}

function instantResults({
  result,
}: PrometheusInstant): readonly Readonly<{ metric: Labels; values: readonly Sample[] }>[] {
  if (typeof result[0] === 'number') return [{ metric: {}, values: [result as Sample] }]
  return (result as readonly Readonly<{ metric: Labels; value: Sample }>[]).map(({ metric, value }) => ({
    metric,
    values: [value],
  }))
}

/** `legend`: with `{{label}}`; else the labels, and the expression if there are several of them. */
export function seriesName(labels: Labels, { legend }: PanelQuery, expr: string): string {
  const named = legend.replaceAll(/\{\{\s*([\w.-]+)\s*\}\}/g, (_, label: string) => labels[label] ?? '').trim()
  return named || lineName(labels) || expr
}
