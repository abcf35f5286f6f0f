import { counter, gauge } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_kubernetes_changes_total: counter('Changes of objects of a cluster', 'source', 'kind'),
  weir_kubernetes_lease_held: gauge('Whether this replica tells what happens (1) or stands by (0)', 'source'),
  weir_kubernetes_left_events_total: counter(
    'Events that this replica did not write while it stood by, because another one had',
    'source',
  ),
  weir_kubernetes_compared_objects_total: counter('Objects that were compared with what the server has', 'source'),
  weir_kubernetes_repaired_objects_total: counter(
    'Objects that were not as the server has them, and were listed again',
    'source',
  ),
  weir_kubernetes_retold_objects_total: counter(
    'Objects that were told of again, unchanged, before the store forgets them',
    'source',
  ),
  weir_kubernetes_state_bytes: gauge(
    'What is known of the cluster, as it was put into a shared journal last',
    'source',
  ),
  weir_kubernetes_damaged_records_total: counter(
    'Stored objects, or files of them, that failed their checksum; the cluster is listed again',
    'source',
    'what',
  ),
  weir_kubernetes_forgotten_restarts_total: counter(
    'Starts at which a shared journal had nothing of what was known of the cluster',
    'source',
  ),
  weir_kubernetes_hidden_total: counter('Changes that a rule of noise has hidden', 'source', 'rule'),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
