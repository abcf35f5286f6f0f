import { defineConnector } from '../../engine/manifest.ts'
import { prometheusSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  sinks: [prometheusSchema],
  metrics,
  support: [{ system: 'prometheus', name: 'Prometheus (scraped)' }],
})
