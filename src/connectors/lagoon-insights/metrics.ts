import { counter, gauge } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_lagoon_configmaps_total: counter('ConfigMaps, by result', 'source', 'result'),
  weir_lagoon_pending_configmaps: gauge('ConfigMaps with a report that is not delivered yet', 'source'),
  weir_lagoon_oldest_pending_seconds: gauge('Age of the oldest report that is not delivered yet', 'source'),
  weir_lagoon_tokens_total: counter(
    'Changes of token Secrets: minted, rotated, refreshed, repaired, removed',
    'source',
    'change',
  ),
  weir_lagoon_scans_total: counter('Builds, by result: started, no_images, failed', 'source', 'result'),
  weir_lagoon_http_requests_total: counter('Requests of workloads, by route and status', 'source', 'route', 'status'),
} as const

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
