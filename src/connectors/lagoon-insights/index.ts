import { defineConnector } from '../../engine/manifest.ts'
import { insightsSchema, lagoonSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: insightsSchema, thread: 'watch' },
  sinks: [lagoonSchema],
  metrics,
  support: [
    { system: 'lagoon-insights', name: 'Lagoon insights (ConfigMaps and HTTP)', connector: 'lagoon-insights' },
    { system: 'lagoon', name: 'Lagoon core broker (RabbitMQ)' },
  ],
})
