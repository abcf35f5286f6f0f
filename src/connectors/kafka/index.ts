import { defineConnector } from '../../engine/manifest.ts'
import { kafkaJournalSchema, kafkaJournalUrl, kafkaSchema, kafkaSourceSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: kafkaSourceSchema, thread: 'ingest' },
  sinks: [kafkaSchema],
  journal: { schema: kafkaJournalSchema, url: kafkaJournalUrl },
  metrics,
  support: [{ system: 'kafka', name: 'Kafka' }],
})
