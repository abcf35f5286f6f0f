import { defineConnector } from '../../engine/manifest.ts'
import { netobservSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: netobservSchema, thread: 'ingest', emits: 'flows' },
  metrics,
  support: [{ system: 'netobserv', name: 'NetObserv eBPF agent (gRPC)' }],
})
