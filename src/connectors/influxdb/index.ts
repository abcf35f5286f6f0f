import { defineConnector } from '../../engine/manifest.ts'
import { influxdbSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  sinks: [influxdbSchema],
  metrics,
  support: [{ system: 'influxdb', name: 'InfluxDB, VictoriaMetrics', parts: ['v1', 'v2'] }],
})
