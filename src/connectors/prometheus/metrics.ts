import { counter } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_prometheus_scrape_requests_total: counter(
    'Scrapes of targets, by outcome: ok, failed, malformed, too_many (samples)',
    'source',
    'outcome',
  ),
  weir_prometheus_scraped_samples_total: counter(
    'Samples of scrapes, by outcome: taken, duplicate (a series twice in a response), exemplar',
    'source',
    'outcome',
  ),
  weir_prometheus_requests_total: counter(
    'Scrapes of flow metrics, by outcome: answered, unauthorized, failed',
    'sink',
    'outcome',
  ),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
