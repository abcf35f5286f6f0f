import { defineConnector } from '../../engine/manifest.ts'
import { otlpSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  sinks: [otlpSchema],
  metrics,
  support: [
    {
      system: 'otlp-sink',
      connector: 'otlp',
      name: 'OpenTelemetry (OTLP)',
      parts: ['logs over gRPC', 'logs over HTTP', 'metrics over gRPC', 'metrics over HTTP'],
    },
  ],
})
