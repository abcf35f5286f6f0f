import { counter } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_remote_write_received_requests_total: counter(
    'Received requests of remote write, by outcome: taken, or the reason of refusal',
    'source',
    'outcome',
  ),
  weir_remote_write_received_samples_total: counter(
    'Samples by outcome: taken, duplicate, or a reason',
    'source',
    'outcome',
  ),
  weir_remote_write_samples_total: counter(
    'Samples pushed, by outcome: accepted, refused (permanently), failed (pushed again with later values)',
    'sink',
    'outcome',
  ),
  weir_remote_write_dropped_values_total: counter(
    'Fields of points without a sample, by reason: type',
    'sink',
    'reason',
  ),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
