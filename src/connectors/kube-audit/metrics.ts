import { counter } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_kube_audit_batches_total: counter(
    'Batches of audit events, by what became of each: taken, or why it was refused',
    'source',
    'outcome',
  ),
  weir_kube_audit_events_total: counter(
    'Audit events of batches that were taken: taken, duplicate, of a stage or verb that is not kept, malformed',
    'source',
    'outcome',
  ),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
