import { counter, gauge } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_cts_traces_total: counter(
    'Traces of a cloud: taken (nameless: of these, without an id of their own), malformed, too large',
    'source',
    'project',
    'tracker',
    'outcome',
  ),
  weir_cts_requests_total: counter(
    'Requests for traces of a cloud: answered, or failed',
    'source',
    'project',
    'tracker',
    'outcome',
  ),
  weir_cts_behind_seconds: gauge(
    'Time since when traces may still come: `look_back`, and more when they can’t be read',
    'source',
    'project',
    'tracker',
  ),
  weir_cts_recorded_after_seconds: gauge(
    'Longest time that one of the last traces took to be recorded',
    'source',
    'project',
    'tracker',
  ),
  weir_cts_missed_seconds_total: counter(
    'Time of which the cloud has no traces any more, because they were not read for so long',
    'source',
    'project',
    'tracker',
  ),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
