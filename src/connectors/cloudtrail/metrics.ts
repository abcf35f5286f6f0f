import { counter, gauge } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_cloudtrail_events_total: counter(
    'Events that CloudTrail was asked for: taken, malformed, too large',
    'source',
    'region',
    'outcome',
  ),
  weir_cloudtrail_requests_total: counter(
    'Requests for events of CloudTrail: answered, or failed',
    'source',
    'region',
    'outcome',
  ),
  weir_cloudtrail_behind_seconds: gauge(
    'Time since when events may still come: `look_back`, and more when they can’t be read',
    'source',
    'region',
  ),
  weir_cloudtrail_missed_seconds_total: counter(
    'Time of which CloudTrail has no events any more, because they were not read for so long',
    'source',
    'region',
  ),
  weir_cloudtrail_files_total: counter(
    'Files of a trail: read, skipped (digests), rejected, denied (each time)',
    'source',
    'outcome',
  ),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
