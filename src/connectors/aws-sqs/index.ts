import { defineConnector } from '../../engine/manifest.ts'
import { sqsSchema, sqsSourceSchema } from './config.ts'

export default defineConnector({
  source: { schema: sqsSourceSchema, thread: 'ingest' },
  sinks: [sqsSchema],
  support: [{ system: 'aws-sqs', name: 'Amazon SQS' }],
})
