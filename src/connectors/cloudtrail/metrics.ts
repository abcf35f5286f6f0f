import { counter, gauge } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_cloudtrail_events_total: counter(
    'CloudTrail events read, by outcome: taken, malformed, too large',
    'source',
    'region',
    'outcome',
  ),
  weir_cloudtrail_requests_total: counter(
    'Requests to CloudTrail, by outcome: answered or failed',
    'source',
    'region',
    'outcome',
  ),
  weir_cloudtrail_behind_seconds: gauge(
    'Age of the watermark: `look_back`, or more while events cannot be read',
    'source',
    'region',
  ),
  weir_cloudtrail_missed_seconds_total: counter(
    'Time range of events that CloudTrail no longer stores because they were not read in time',
    'source',
    'region',
  ),
  weir_cloudtrail_files_total: counter(
    'Trail files by outcome: read, skipped (digests), rejected, denied (each attempt)',
    'source',
    'outcome',
  ),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
