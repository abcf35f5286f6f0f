import { counter } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_kube_audit_batches_total: counter(
    'Batches of audit events, by outcome: taken, or the reason of refusal',
    'source',
    'outcome',
  ),
  weir_kube_audit_events_total: counter(
    'Audit events of accepted batches, by outcome: taken, duplicate, excluded stage or verb, malformed',
    'source',
    'outcome',
  ),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
