import { defineConnector } from '../../engine/manifest.ts'
import { snsSchema } from './config.ts'

export default defineConnector({
  sinks: [snsSchema],
  support: [{ system: 'aws-sns', name: 'Amazon SNS' }],
})
