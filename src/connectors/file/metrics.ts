import { counter } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_file_lines_total: counter('Lines read by outcome: accepted, malformed', 'source', 'outcome'),
  weir_file_omitted_values_total: counter('Values that did not fit their field, of accepted lines', 'source'),
  weir_file_read_bytes_total: counter('Bytes read from files', 'source'),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
