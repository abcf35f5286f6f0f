/** Series of points in the store, and counters over other rows. */
import { metricName, type LabelSet } from '../../query/metrics/labels.ts'
import type { Matcher } from '../../query/metrics/matchers.ts'
import type { Series } from '../../query/metrics/values.ts'
import { derivedLabelSets, derivedNames, derivedSeries } from './derived.ts'
import { derivedMetrics } from './derived-sources.ts'
import { pointLabelSets, pointSeries, receivedMetadata } from './points.ts'
import type { MetricReader, MetricSpan } from './reader.ts'
import type { Metric } from './schema.ts'

export { queryBudget } from './budget.ts'
export { maxSamples } from './derived.ts'
export { pointLabelSets } from './points.ts'
export type { MetricReader, MetricSpan } from './reader.ts'

/** `window`: ms of the windows of the query, which decide on the resolution of counters. */
export async function metricSeries(
  reader: MetricReader,
  matchers: readonly Matcher[],
  span: MetricSpan,
  window: number,
): Promise<readonly Series[]> {
  return [...(await pointSeries(reader, matchers, span)), ...(await derivedSeries(reader, matchers, span, window))]
}

/** Each once. `selectors`: any of them; at least one. */
export async function metricLabelSets(
  reader: MetricReader,
  selectors: readonly (readonly Matcher[])[],
  span: MetricSpan,
): Promise<readonly LabelSet[]> {
  const sets = new Map<string, LabelSet>()
  for (const matchers of selectors)
    for (const set of [
      ...(await pointLabelSets(reader, matchers, span)),
      ...(await derivedLabelSets(reader, matchers, span)),
    ])
      sets.set(set.key, set)
  return [...sets.values()]
}

/** Names of {@link metricLabelSets}, without the labels of many flows. */
export async function metricNames(
  reader: MetricReader,
  selectors: readonly (readonly Matcher[])[],
  span: MetricSpan,
): Promise<ReadonlySet<string>> {
  const names = new Set<string>()
  for (const matchers of selectors) {
    const isOfNames = matchers.every(({ name }) => name === metricName)
    const sets = [
      ...(await pointLabelSets(reader, matchers, span)),
      ...(isOfNames ? [] : await derivedLabelSets(reader, matchers, span)),
    ]
    for (const set of sets) names.add(set.get(metricName))
    if (isOfNames) for (const name of await derivedNames(reader, matchers, span)) names.add(name)
  }
  return names
}

/** Derived metrics, and those received within the last hour. */
export async function metricMetadata(reader: MetricReader): Promise<readonly Metric[]> {
  const derived = Object.entries(derivedMetrics).map(([name, help]) => ({ name, type: 'counter', help, unit: '' }))
  return [...derived, ...(await receivedMetadata(reader))]
}
