import { defineConnector } from '../../engine/manifest.ts'
import { otlpSchema, otlpSourceSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: otlpSourceSchema, thread: 'watch' },
  sinks: [otlpSchema],
  metrics,
  support: [
    {
      system: 'otlp-sink',
      connector: 'otlp',
      name: 'OpenTelemetry (OTLP)',
      parts: ['logs over gRPC', 'logs over HTTP', 'metrics over gRPC', 'metrics over HTTP'],
    },
    {
      system: 'otlp-source',
      connector: 'otlp',
      name: 'Exporters of OpenTelemetry (OTLP)',
      source: 'otlp',
      parts: ['logs over gRPC', 'logs over HTTP', 'metrics over gRPC', 'metrics over HTTP'],
    },
  ],
})
