import { counter, gauge } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_netobserv_messages_total: counter(
    'Messages of agents by outcome: accepted, malformed, not_allowed, rejected',
    'source',
    'outcome',
  ),
  weir_netobserv_received_bytes_total: counter('Bytes of messages of agents', 'source'),
  weir_netobserv_rows_total: counter('Flows decoded', 'source'),
  weir_netobserv_malformed_records_total: counter('Flows that could not be decoded', 'source'),
  weir_netobserv_exporters: gauge('Known agent addresses', 'source'),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
