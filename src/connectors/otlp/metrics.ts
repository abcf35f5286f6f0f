import { counter } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_otlp_received_requests_total: counter(
    'Requests by outcome: taken, or the reason of refusal',
    'source',
    'outcome',
  ),
  weir_otlp_received_rows_total: counter('Rows by outcome: taken, duplicate, or a reason', 'source', 'outcome'),
  weir_otlp_requests_total: counter(
    'Export requests, by signal and outcome: accepted, partial, rejected, failed',
    'sink',
    'signal',
    'outcome',
  ),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
