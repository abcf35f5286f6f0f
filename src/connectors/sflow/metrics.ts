import { counter, gauge } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_sflow_datagrams_total: counter('Datagrams received from sFlow agents', 'source'),
  weir_sflow_received_bytes_total: counter('Bytes of datagrams received from sFlow agents', 'source'),
  weir_sflow_accounted_bytes_total: counter(
    'Received bytes by outcome: decoded, padding, skipped, malformed, shed, not_allowed',
    'source',
    'outcome',
  ),
  weir_sflow_rows_total: counter('Packet samples and dropped packets decoded', 'source'),
  weir_sflow_counter_samples_total: counter('Interface and host counter samples, which are not stored', 'source'),
  weir_sflow_unknown_samples_total: counter('Samples of unknown types', 'source'),
  weir_sflow_malformed_datagrams_total: counter('Malformed sFlow v5 datagrams', 'source', 'reason'),
  weir_sflow_missing_datagrams_total: counter('Datagrams missing in the agents’ sequence numbers', 'source'),
  weir_sflow_late_datagrams_total: counter('Datagrams that arrived after they were counted as missing', 'source'),
  weir_sflow_missing_samples_total: counter('Packet samples missing in the data sources’ sequence numbers', 'source'),
  weir_sflow_late_samples_total: counter('Packet samples that arrived after they were counted as missing', 'source'),
  weir_sflow_restarts_total: counter('Sequence number resets of agents', 'source'),
  weir_sflow_exporters: gauge('Known agent addresses', 'source'),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
