import { defineConnector } from '../../engine/manifest.ts'
import { otcCtsSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: otcCtsSchema, thread: 'watch', emits: 'audit' },
  metrics,
  support: [
    {
      system: 'otc-cts',
      name: 'Open Telekom Cloud CloudTrace (CTS, API v3 and v2.0)',
      remark: 'not tested against the service',
    },
  ],
})
