import { defineConnector } from '../../engine/manifest.ts'
import { httpPollSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: httpPollSchema, thread: 'watch' },
  metrics,
  support: [{ system: 'http-poll', name: 'HTTP APIs (polled)' }],
})
