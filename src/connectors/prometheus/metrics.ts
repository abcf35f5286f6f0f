import { counter } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_prometheus_scrape_requests_total: counter(
    'Scrapes by outcome: ok, failed, malformed, too_many',
    'source',
    'outcome',
  ),
  weir_prometheus_scraped_samples_total: counter('Samples by outcome: taken, or reason of a drop', 'source', 'outcome'),
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
