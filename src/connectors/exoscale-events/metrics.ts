import { counter, gauge } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_exoscale_events_total: counter(
    'Events that Exoscale was asked for: taken, malformed, too large',
    'source',
    'zone',
    'outcome',
  ),
  weir_exoscale_requests_total: counter(
    'Requests for events of Exoscale: answered, or failed',
    'source',
    'zone',
    'outcome',
  ),
  weir_exoscale_behind_seconds: gauge(
    'Time since when events may still come: `look_back`, and more when they can’t be read',
    'source',
    'zone',
  ),
  weir_exoscale_missed_seconds_total: counter(
    'Time of which Exoscale is not asked for events any more, because they were not read for so long',
    'source',
    'zone',
  ),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
