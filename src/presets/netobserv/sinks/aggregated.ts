import type { Aggregated, AggregateRule } from '../extract.ts'
import type { Metric } from '../flp-file.ts'
import type { Report } from '../report.ts'

/** Default of Prometheus' clients. */
const usualBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** A metric of the results of a rule, as a metric of the flows; undefined if there is none. */
export function metricOfFlows(metric: Metric, { rules }: Aggregated, at: string, report: Report): Metric | undefined {
  const { type = 'counter', filters = [], valueKey = '', labels = [] } = metric
  const isName = ({ key, type: test = 'equal' }: (typeof filters)[number]) => key === 'name' && test === 'equal'
  const named = filters.find(isName)?.value
  const rule = rules.find(({ name }) => name === named)
  if (rule === undefined) {
    report.refuse(at, 'a metric of aggregates needs a filter `name` with the name of a rule; use a metric of the flows')
    return undefined
  }
  const misplaced = ['by', 'aggregate', 'operation_type', 'operation_key'].find((label) => labels.includes(label))
  if (misplaced !== undefined) {
    report.refuse(`${at}.labels`, `\`${misplaced}\` is no label; list ${rule.keys.join(', ')}`)
    return undefined
  }
  const value = valueOf(rule, type, valueKey)
  if (value === undefined) {
    report.refuse(
      at,
      `a ${type} of ${valueKey} with \`${rule.operation}\` cannot be computed; sums, counts and histograms can`,
    )
    return undefined
  }
  if (type === 'gauge') report.note(at, 'the gauge of a total is a counter')
  return {
    ...metric,
    ...value,
    filters: [
      ...filters.filter((filter) => !isName(filter)),
      ...rule.keys.map((key) => ({ key, type: 'presence' as const })),
    ],
    ...(value.type === 'histogram' ? { buckets: metric.buckets ?? usualBuckets } : {}),
  }
}

function valueOf(
  { operation, key }: AggregateRule,
  type: NonNullable<Metric['type']>,
  valueKey: string,
): Pick<Metric, 'type' | 'valueKey'> | undefined {
  if (type === 'agg_histogram')
    return operation === 'raw_values' && valueKey === 'recent_raw_values'
      ? { type: 'histogram', valueKey: key }
      : undefined
  const isTotal = valueKey.startsWith('total_')
  if (type === 'histogram' || (type === 'gauge') !== isTotal) return undefined
  if (valueKey.endsWith('_count')) return { type: 'counter', valueKey: '' }
  if (valueKey !== 'recent_op_value' && valueKey !== 'total_value') return undefined
  if (operation === 'count') return { type: 'counter', valueKey: '' }
  return operation === 'sum' ? { type: 'counter', valueKey: key } : undefined
}
