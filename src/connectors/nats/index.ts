import { defineConnector } from '../../engine/manifest.ts'
import { natsJournalSchema, natsJournalUrl, natsSchema, natsSourceSchema } from './config.ts'

export default defineConnector({
  source: { schema: natsSourceSchema, thread: 'ingest' },
  sinks: [natsSchema],
  journal: { schema: natsJournalSchema, url: natsJournalUrl },
  support: [{ system: 'nats', name: 'NATS JetStream' }],
})
