import { counter } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_kafka_omitted_values_total: counter(
    'Values of flows that were omitted because their type is wrong; the rest of the flow is stored',
    'source',
  ),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
