import { counter } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_loki_push_requests_total: counter(
    'Requests to the push API of Loki, by outcome: taken, or the reason of refusal',
    'source',
    'outcome',
  ),
  weir_loki_push_lines_total: counter('Log lines by outcome: taken, duplicate, or a reason', 'source', 'outcome'),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
