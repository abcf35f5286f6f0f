import { messageOf } from '../../model/errors.ts'
import { FlowAggregator, type AggregatorOptions } from './aggregator.ts'
import { selectMetrics, type WrittenMetric } from './predefined.ts'

interface FlowMetricSettings extends Pick<AggregatorOptions, 'prefix' | 'sampling'> {
  readonly include: readonly string[]
  readonly custom: readonly (Omit<WrittenMetric, 'buckets'> & { readonly buckets: readonly string[] })[]
  /** ms */
  readonly expiry: number
  readonly max_series: number
}

/** Throws a sentence with the mistake and the action to take. */
export function aggregatorOf(settings: FlowMetricSettings): FlowAggregator {
  const { prefix, sampling, expiry, max_series: maxSeries } = settings
  return new FlowAggregator({
    metrics: metricsOf(settings),
    prefix,
    sampling,
    maxSeries,
    expiryMs: expiry,
  })
}

type MetricChoice = Pick<FlowMetricSettings, 'include' | 'custom'>

function metricsOf({ include, custom }: MetricChoice) {
  return selectMetrics(
    include,
    custom.map((metric) => ({ ...metric, buckets: metric.buckets.map(Number) })),
  )
}

/** A sentence with the mistake and the action to take; undefined: none. */
export function metricsProblem(choice: MetricChoice): string | undefined {
  try {
    metricsOf(choice)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}
