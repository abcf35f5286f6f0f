import { counter } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_http_poll_requests_total: counter(
    'Requests of polls, by outcome: ok, not_modified, limited, failed',
    'source',
    'outcome',
  ),
  weir_http_poll_records_total: counter(
    'Records of polls, by outcome: taken, duplicate, too_large',
    'source',
    'outcome',
  ),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
