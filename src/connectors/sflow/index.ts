import { defineConnector } from '../../engine/manifest.ts'
import { sflowSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: sflowSchema, thread: 'ingest', emits: 'flows', builtIn: true },
  metrics,
  support: [{ system: 'sflow', name: 'sFlow v5' }],
})
