import { defineConnector } from '../../engine/manifest.ts'
import { kafkaJournalSchema, kafkaJournalUrl, kafkaSchema, kafkaSourceSchema } from './config.ts'

export default defineConnector({
  source: { schema: kafkaSourceSchema, thread: 'ingest' },
  sinks: [kafkaSchema],
  journal: { schema: kafkaJournalSchema, url: kafkaJournalUrl },
  support: [{ system: 'kafka', name: 'Kafka' }],
})
