import { counter, gauge } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_cts_traces_total: counter(
    'Traces by outcome: taken (nameless: those without an id), malformed, too large',
    'source',
    'project',
    'tracker',
    'outcome',
  ),
  weir_cts_requests_total: counter(
    'Requests for traces, by outcome: answered or failed',
    'source',
    'project',
    'tracker',
    'outcome',
  ),
  weir_cts_behind_seconds: gauge(
    'Age of the watermark: `look_back`, or more while traces cannot be read',
    'source',
    'project',
    'tracker',
  ),
  weir_cts_recorded_after_seconds: gauge(
    'Longest delay between event and recording among the last traces',
    'source',
    'project',
    'tracker',
  ),
  weir_cts_missed_seconds_total: counter(
    'Time range of traces that the cloud no longer stores because they were not read in time',
    'source',
    'project',
    'tracker',
  ),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
