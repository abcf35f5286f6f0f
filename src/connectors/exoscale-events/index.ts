import { defineConnector } from '../../engine/manifest.ts'
import { exoscaleEventsSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: exoscaleEventsSchema, thread: 'watch', emits: 'audit' },
  metrics,
  support: [
    { system: 'exoscale-events', name: 'Exoscale events (API v2, /event)', remark: 'not tested against the service' },
  ],
})
