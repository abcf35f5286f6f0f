import { defineConnector } from '../../engine/manifest.ts'
import { remoteWritePointsSchema, remoteWriteSchema, remoteWriteSourceSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: remoteWriteSourceSchema, thread: 'watch' },
  sinks: [remoteWriteSchema, remoteWritePointsSchema],
  metrics,
  support: [
    { system: 'remote-write', name: 'Prometheus remote write (Mimir, Thanos, VictoriaMetrics)' },
    { system: 'remote-write-points', name: 'Prometheus remote write of points' },
  ],
})
