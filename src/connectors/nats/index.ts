import { defineConnector } from '../../engine/manifest.ts'
import { natsJournalSchema, natsSchema, natsSourceSchema } from './config.ts'

export default defineConnector({
  source: { schema: natsSourceSchema, thread: 'ingest' },
  sinks: [natsSchema],
  journal: natsJournalSchema,
  support: [{ system: 'nats', name: 'NATS JetStream' }],
})
