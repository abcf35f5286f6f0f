import { counter, gauge } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_sbom_documents_total: counter(
    'Documents read by outcome: accepted, unchanged, too_large, malformed, unknown_format, no_image, other_image, ' +
      'no_content',
    'source',
    'outcome',
  ),
  weir_sbom_rows_total: counter('Packages, problems, facts and waivers emitted', 'source', 'family'),
  weir_sbom_rejected_documents: gauge('Documents of folder and registry that are rejected', 'source'),
  weir_sbom_registry_images: gauge('Images with their documents in the registry', 'source'),
  weir_sbom_registry_failures_total: counter(
    'Failed requests to the registry by reason: unauthorized, not_found, rate_limited, status, network, timeout, ' +
      'redirect, too_large, malformed, digest',
    'source',
    'reason',
  ),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
