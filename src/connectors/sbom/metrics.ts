import { counter, gauge } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_sbom_documents_total: counter(
    'Documents read by outcome: accepted, unchanged, too_large, malformed, unknown_format, no_image',
    'source',
    'outcome',
  ),
  weir_sbom_rows_total: counter('Packages, problems, facts and waivers emitted', 'source', 'family'),
  weir_sbom_rejected_documents: gauge('Documents in the folder that are rejected', 'source'),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
