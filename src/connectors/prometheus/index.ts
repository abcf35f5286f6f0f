import { defineConnector } from '../../engine/manifest.ts'
import { prometheusSchema, prometheusScrapeSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: prometheusScrapeSchema, thread: 'watch' },
  sinks: [prometheusSchema],
  metrics,
  support: [
    { system: 'prometheus', name: 'Prometheus (scraped)' },
    { system: 'prometheus-scrape', name: 'Exporters of Prometheus (scraped)', source: 'prometheus-scrape' },
  ],
})
