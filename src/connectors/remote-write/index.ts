import { defineConnector } from '../../engine/manifest.ts'
import { remoteWriteSourceSchema, remoteWriteSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: remoteWriteSourceSchema, thread: 'watch' },
  sinks: [remoteWriteSchema],
  metrics,
  support: [{ system: 'remote-write', name: 'Prometheus remote write (Mimir, Thanos, VictoriaMetrics)' }],
})
