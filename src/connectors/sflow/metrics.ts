import { counter, gauge } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_sflow_datagrams_total: counter('Datagrams of sFlow agents received', 'source'),
  weir_sflow_received_bytes_total: counter('Bytes of datagrams of sFlow agents', 'source'),
  weir_sflow_accounted_bytes_total: counter(
    'What became of the bytes received: decoded, padding, skipped, malformed, shed, not_allowed',
    'source',
    'fate',
  ),
  weir_sflow_rows_total: counter('Packet samples and dropped packets decoded', 'source'),
  weir_sflow_counter_samples_total: counter('Samples of interface and host counters, which are not taken', 'source'),
  weir_sflow_unknown_samples_total: counter('Samples of kinds that are not known', 'source'),
  weir_sflow_malformed_datagrams_total: counter('Datagrams that are no well-formed sFlow v5', 'source', 'reason'),
  weir_sflow_missing_datagrams_total: counter('Datagrams that the sequence numbers of agents skipped', 'source'),
  weir_sflow_late_datagrams_total: counter('Datagrams counted as missing that came after all', 'source'),
  weir_sflow_missing_samples_total: counter(
    'Packet samples that the sequence numbers of data sources skipped',
    'source',
  ),
  weir_sflow_late_samples_total: counter('Packet samples counted as missing that came after all', 'source'),
  weir_sflow_restarts_total: counter('Agents that began to count anew', 'source'),
  weir_sflow_exporters: gauge('Addresses of agents remembered', 'source'),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
