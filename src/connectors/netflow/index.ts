import { defineConnector } from '../../engine/manifest.ts'
import { netflowSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: netflowSchema, thread: 'ingest', emits: 'flows', builtIn: true },
  metrics,
  support: [
    {
      system: 'netflow',
      name: 'NetFlow v5, v9, IPFIX (UDP, TCP)',
      parts: ['NetFlow v5', 'NetFlow v9', 'IPFIX', 'IPFIX over TCP'],
    },
  ],
})
