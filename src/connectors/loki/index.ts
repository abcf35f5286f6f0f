import { defineConnector } from '../../engine/manifest.ts'
import { lokiPushSchema, lokiSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: lokiPushSchema, thread: 'watch' },
  sinks: [lokiSchema],
  metrics,
  support: [
    { system: 'loki', name: 'Grafana Loki', parts: ['protobuf', 'JSON'] },
    { system: 'loki-push', name: 'Clients of the push API of Loki', source: 'loki-push' },
  ],
})
