import { counter } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_influxdb_dropped_values_total: counter(
    'Fields and tags that line protocol cannot hold, by reason: not_a_number, type, empty_tag, backslash',
    'sink',
    'reason',
  ),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
