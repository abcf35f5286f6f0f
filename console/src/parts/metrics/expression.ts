/** PromQL of the selections. */
import type { PanelUnit } from '../dashboards/definition.ts'

export const functions = [
  'auto',
  'rate',
  'increase',
  'sum',
  'avg',
  'min',
  'max',
  'p50',
  'p90',
  'p99',
  'heatmap',
  'each',
] as const
export type MetricFunction = (typeof functions)[number]

export type MetricKind = 'counter' | 'gauge' | 'histogram'

/** By the type that its source stated, else by the name. */
export function kindOf(name: string, type: string): MetricKind {
  if (type === 'histogram' || name.endsWith('_bucket')) return 'histogram'
  return type === 'counter' || /_(total|count|sum)$/.test(name) ? 'counter' : 'gauge'
}

/** What the name states, as Prometheus recommends names; '': nothing. */
export function typeInName(name: string): string {
  return name.endsWith('_total') ? 'counter' : name.endsWith('_bucket') ? 'histogram' : ''
}

const unitsInNames = ['bytes', 'seconds', 'ratio', 'celsius', 'volts', 'amperes', 'joules', 'grams', 'meters']

export function unitInName(name: string): string {
  const words = name.replace(/_(?:total|sum|bucket|count)$/, '').split('_')
  // A number of observations has no unit.
  return name.endsWith('_count') ? '' : (unitsInNames.find((unit) => unit === words.at(-1)) ?? '')
}

/** Functions by kind of metric, the usual one first. */
export const functionsOf: Readonly<Record<MetricKind, readonly Exclude<MetricFunction, 'auto'>[]>> = {
  counter: ['rate', 'increase', 'each'],
  gauge: ['avg', 'sum', 'min', 'max', 'each'],
  histogram: ['p99', 'p90', 'p50', 'heatmap', 'rate'],
}

export function functionOf(fn: MetricFunction, kind: MetricKind): Exclude<MetricFunction, 'auto'> {
  const possible = functionsOf[kind]
  return possible.find((name) => name === fn) ?? possible[0]!
}

/** By the name, as Prometheus recommends names; '': unknown. */
export function unitOf({ metric, kind, fn }: Pick<Selected, 'metric' | 'kind' | 'fn'>): PanelUnit | '' {
  const chosen = functionOf(fn, kind)
  const base = metric.replace(/_(?:total|sum|bucket)$/, '')
  const isCounted = kind === 'histogram' || metric.endsWith('_count')
  if (chosen === 'rate' || (chosen === 'each' && kind === 'counter')) {
    return !isCounted && base.endsWith('_bytes') ? 'bytes_per_second' : 'per_second'
  }
  if (chosen === 'increase' && isCounted) return ''
  return base.endsWith('_bytes') ? 'bytes' : base.endsWith('_seconds') ? 'seconds' : ''
}

type Selected = Readonly<{
  metric: string
  kind: MetricKind
  fn: MetricFunction
  by: readonly string[]
  where: string
  /** Window of rates, in seconds. */
  window: number
}>

const quantiles: Readonly<Partial<Record<MetricFunction, string>>> = { p50: '0.5', p90: '0.9', p99: '0.99' }

export function expressionOf({ metric, kind, fn, by, where, window }: Selected): string {
  const chosen = functionOf(fn, kind)
  const series = (name: string) => `${name}${where.trim() === '' ? '' : `{${where.trim()}}`}`
  const grouped = (labels: readonly string[]) => (labels.length === 0 ? '' : ` by (${labels.join(', ')})`)
  const span = `[${window}s]`
  const quantile = quantiles[chosen]
  const buckets = metric.endsWith('_bucket') ? metric : `${metric}_bucket`
  if (chosen === 'heatmap') return `sum by (le) (rate(${series(buckets)}${span}))`
  if (quantile !== undefined) {
    return `histogram_quantile(${quantile}, sum${grouped(['le', ...by])} (rate(${series(buckets)}${span})))`
  }
  const counted = kind === 'histogram' ? `${metric.replace(/_bucket$/, '')}_count` : metric
  if (chosen === 'rate' || chosen === 'increase') return `sum${grouped(by)} (${chosen}(${series(counted)}${span}))`
  if (chosen === 'each') return kind === 'counter' ? `rate(${series(metric)}${span})` : series(metric)
  return `${chosen}${grouped(by)} (${series(metric)})`
}
