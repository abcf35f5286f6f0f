import { FlowAggregator, type AggregatorOptions } from './aggregator.ts'
import { selectMetrics, type WrittenMetric } from './predefined.ts'

/** Settings of sinks that sum flows into metrics, after validation. */
export interface FlowMetricSettings extends Pick<AggregatorOptions, 'prefix' | 'sampling'> {
  readonly include: readonly string[]
  readonly custom: readonly (Omit<WrittenMetric, 'buckets'> & { readonly buckets: readonly string[] })[]
  /** ms */
  readonly expiry: number
  readonly max_series: number
}

/** Throws a sentence with the mistake and the action to take. */
export function aggregatorOf(settings: FlowMetricSettings): FlowAggregator {
  const { include, custom, prefix, sampling, expiry, max_series: maxSeries } = settings
  const written = custom.map((metric) => ({ ...metric, buckets: metric.buckets.map(Number) }))
  return new FlowAggregator({
    metrics: selectMetrics(include, written),
    prefix,
    sampling,
    maxSeries,
    expiryMs: expiry,
  })
}
