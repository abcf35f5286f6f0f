import { counter } from '../../telemetry/metric-table.ts'

export const metrics = {
  weir_s3_objects_total: counter('Objects by outcome: stored, rejected, failed', 'sink', 'outcome'),
  weir_s3_bytes_total: counter('Bytes of stored objects, compressed', 'sink'),
}

type Own = typeof metrics

declare module '../../telemetry/ports.ts' {
  interface MetricNames extends Own {}
}
