export { FlowAggregator, type AggregatorOptions, type Family } from './aggregator.ts'
export { compileMetric, type CompiledMetric, type FilterType, type MetricFilter } from './definition.ts'
export { metricSets, predefinedMetrics, selectMetrics, type WrittenMetric } from './predefined.ts'
export { exposition, type TextFormat } from './exposition.ts'
