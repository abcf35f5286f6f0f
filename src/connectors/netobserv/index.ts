import { defineConnector } from '../../engine/manifest.ts'
import { netobservSchema, netobservSinkSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: netobservSchema, thread: 'ingest', emits: 'flows' },
  sinks: [netobservSinkSchema],
  metrics,
  support: [
    { system: 'netobserv', name: 'NetObserv eBPF agent (gRPC)' },
    { system: 'netobserv-sink', connector: 'netobserv', name: 'NetObserv `genericmap` collector (gRPC)' },
  ],
})
