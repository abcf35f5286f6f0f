import { defineConnector } from '../../engine/manifest.ts'
import { s3Schema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  sinks: [s3Schema],
  metrics,
  support: [{ system: 's3', name: 'Amazon S3' }],
})
