import { defineConnector } from '../../engine/manifest.ts'
import { kafkaJournalSchema, kafkaSchema, kafkaSourceSchema } from './config.ts'

export default defineConnector({
  source: { schema: kafkaSourceSchema, thread: 'ingest' },
  sinks: [kafkaSchema],
  journal: kafkaJournalSchema,
  support: [{ system: 'kafka', name: 'Kafka' }],
})
