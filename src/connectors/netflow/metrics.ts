import { counter, gauge } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_netflow_datagrams_total: counter('Export datagrams received (IPFIX over TCP: messages)', 'source', 'protocol'),
  weir_netflow_received_bytes_total: counter('Bytes of export datagrams and messages', 'source'),
  weir_netflow_accounted_bytes_total: counter(
    'What became of the bytes received: header, template, decoded, padding, skipped, malformed; the rest is parked',
    'source',
    'fate',
  ),
  weir_netflow_parked_bytes: gauge('Bytes of data that wait for their template', 'source'),
  weir_netflow_rows_total: counter('Flows decoded', 'source'),
  weir_netflow_malformed_datagrams_total: counter('Datagrams that are no well-formed export', 'source', 'reason'),
  weir_netflow_missing_flows_total: counter(
    'Flows (IPFIX: records) that the exporters’ sequence numbers skipped',
    'source',
  ),
  weir_netflow_late_flows_total: counter(
    'Flows, records or datagrams counted as missing that came after all',
    'source',
  ),
  weir_netflow_restarts_total: counter('Exporters that began to count anew', 'source'),
  weir_netflow_skewed_rows_total: counter('Flows whose exporter’s clock is further away than the limit', 'source'),
  weir_netflow_option_records_total: counter('Records that tell about exporters, not about flows', 'source'),
  weir_netflow_malformed_sets_total: counter(
    'Sets of v9 and IPFIX that could not be read, or not to their end',
    'source',
  ),
  weir_netflow_reserved_sets_total: counter('Sets with an id that has no meaning', 'source'),
  weir_netflow_parked_sets_total: counter('Data sets that came before their template', 'source'),
  weir_netflow_expired_sets_total: counter(
    'Data sets given up because their template did not come, or because there was no room for them',
    'source',
  ),
  weir_netflow_refused_templates_total: counter('Templates beyond the number that is kept for one exporter', 'source'),
  weir_netflow_missing_datagrams_total: counter(
    'Datagrams of v9 that the exporters’ sequence numbers skipped',
    'source',
  ),
  weir_netflow_exporters: gauge('Exporters remembered', 'source'),
  weir_netflow_templates: gauge('Templates remembered', 'source'),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
