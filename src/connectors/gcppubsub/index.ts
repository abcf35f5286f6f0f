import { defineConnector } from '../../engine/manifest.ts'
import { gcppubsubSchema, gcppubsubSourceSchema } from './config.ts'

export default defineConnector({
  source: { schema: gcppubsubSourceSchema, thread: 'ingest' },
  sinks: [gcppubsubSchema],
  support: [{ system: 'gcppubsub', name: 'Google Cloud Pub/Sub' }],
})
