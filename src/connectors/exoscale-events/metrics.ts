import { counter, gauge } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_exoscale_events_total: counter(
    'Exoscale events read, by outcome: taken, malformed, too large',
    'source',
    'zone',
    'outcome',
  ),
  weir_exoscale_requests_total: counter(
    'Requests to Exoscale, by outcome: answered or failed',
    'source',
    'zone',
    'outcome',
  ),
  weir_exoscale_behind_seconds: gauge(
    'Age of the watermark: `look_back`, or more while events cannot be read',
    'source',
    'zone',
  ),
  weir_exoscale_missed_seconds_total: counter(
    'Time range that is no longer requested because it was not read in time',
    'source',
    'zone',
  ),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
