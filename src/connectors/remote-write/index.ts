import { defineConnector } from '../../engine/manifest.ts'
import { remoteWriteSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  sinks: [remoteWriteSchema],
  metrics,
  support: [{ system: 'remote-write', name: 'Prometheus remote write (Mimir, Thanos, VictoriaMetrics)' }],
})
