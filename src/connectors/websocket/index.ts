import { defineConnector } from '../../engine/manifest.ts'
import { websocketSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: websocketSchema, thread: 'watch' },
  metrics,
  support: [{ system: 'websocket', name: 'Websocket feeds', remark: 'no acknowledgement: gaps are counted' }],
})
