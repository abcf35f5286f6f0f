import { defineSink } from '../../engine/define.ts'
import { openExporter } from './client.ts'
import type { otlpSchema } from './config.ts'
import { LogSink } from './sink-records.ts'
import { MetricSink } from './sink-series.ts'

export const sink = defineSink<typeof otlpSchema>('otlp', {
  accepts: ['events', 'flows'],
  idempotency: 'id',
  async build(config, context) {
    const exporter = await openExporter(config, context)
    return config.signal === 'logs' ? new LogSink(config, context, exporter) : new MetricSink(config, context, exporter)
  },
})
