import { defineConnector } from '../../engine/manifest.ts'
import { exoscaleSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: exoscaleSchema, thread: 'watch' },
  metrics,
  support: [{ system: 'exoscale', name: 'Exoscale resources (API v2)', remark: 'not tested against the service' }],
})
