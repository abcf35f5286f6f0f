import { counter, gauge } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_netflow_datagrams_total: counter('Export datagrams received (IPFIX over TCP: messages)', 'source', 'protocol'),
  weir_netflow_received_bytes_total: counter('Bytes of export datagrams and messages', 'source'),
  weir_netflow_accounted_bytes_total: counter(
    'Received bytes by outcome: header, template, decoded, padding, skipped, malformed; the rest is parked',
    'source',
    'outcome',
  ),
  weir_netflow_parked_bytes: gauge('Bytes of data that wait for their template', 'source'),
  weir_netflow_rows_total: counter('Flows decoded', 'source'),
  weir_netflow_malformed_datagrams_total: counter('Malformed export datagrams', 'source', 'reason'),
  weir_netflow_missing_flows_total: counter(
    'Flows (IPFIX: records) missing in the exporters’ sequence numbers',
    'source',
  ),
  weir_netflow_late_flows_total: counter(
    'Flows, records or datagrams that arrived after they were counted as missing',
    'source',
  ),
  weir_netflow_restarts_total: counter('Sequence number resets of exporters', 'source'),
  weir_netflow_skewed_rows_total: counter('Flows from exporters with a clock difference above the limit', 'source'),
  weir_netflow_option_records_total: counter('Option records: data about exporters, not flows', 'source'),
  weir_netflow_malformed_sets_total: counter('Sets of v9 and IPFIX that were unreadable or truncated', 'source'),
  weir_netflow_reserved_sets_total: counter('Sets with a reserved id', 'source'),
  weir_netflow_parked_sets_total: counter('Data sets that arrived before their template', 'source'),
  weir_netflow_expired_sets_total: counter(
    'Data sets dropped because their template did not arrive or the buffer was full',
    'source',
  ),
  weir_netflow_refused_templates_total: counter('Templates above the limit of one exporter', 'source'),
  weir_netflow_missing_datagrams_total: counter('Datagrams of v9 missing in the exporters’ sequence numbers', 'source'),
  weir_netflow_exporters: gauge('Exporters remembered', 'source'),
  weir_netflow_templates: gauge('Templates remembered', 'source'),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
