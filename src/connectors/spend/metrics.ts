import { counter, gauge } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_spend_files: gauge('Files in use', 'source'),
  weir_spend_reads_total: counter('Files, and readings of Cost Explorer: accepted, rejected', 'source', 'outcome'),
  weir_spend_rows_total: counter(
    'Rows by outcome: changed, unchanged, removed, rejected, without_tags',
    'source',
    'outcome',
  ),
  weir_spend_paid_requests: gauge('Requests of the current UTC day that a cloud charges for', 'source'),
  weir_spend_paid_limit_requests: gauge('Greatest value of `weir_spend_paid_requests`', 'source'),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
