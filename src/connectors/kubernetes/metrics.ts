import { counter, gauge } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_kubernetes_changes_total: counter('Changes of objects of a cluster', 'source', 'kind'),
  weir_kubernetes_lease_held: gauge('Leader election state: 1 leader, 0 standby', 'source'),
  weir_kubernetes_skipped_events_total: counter(
    'Events that this standby replica did not write because the leader had written them',
    'source',
  ),
  weir_kubernetes_compared_objects_total: counter('Objects compared with the API server', 'source'),
  weir_kubernetes_repaired_objects_total: counter(
    'Objects that differed from the API server and were listed again',
    'source',
  ),
  weir_kubernetes_resynced_objects_total: counter(
    'Unchanged objects emitted again before the store expires them',
    'source',
  ),
  weir_kubernetes_state_bytes: gauge('Size of the known cluster state, as last written to a shared journal', 'source'),
  weir_kubernetes_damaged_records_total: counter(
    'Stored objects, or files of them, that failed their checksum; the cluster is listed again',
    'source',
    'what',
  ),
  weir_kubernetes_stateless_restarts_total: counter(
    'Starts at which a shared journal had no known state of the cluster',
    'source',
  ),
  weir_kubernetes_unwatched_kinds: gauge('Kinds that have not been watched for a minute', 'source'),
  weir_kubernetes_hidden_changes_total: counter('Changes hidden by a noise rule', 'source', 'rule'),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
