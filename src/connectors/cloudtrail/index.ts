import { defineConnector } from '../../engine/manifest.ts'
import { cloudtrailSchema } from './config.ts'
import { metrics } from './metrics.ts'

export default defineConnector({
  source: { schema: cloudtrailSchema, thread: 'watch', emits: 'audit' },
  metrics,
  support: [
    { system: 'cloudtrail', name: 'AWS CloudTrail, LookupEvents', remark: 'not tested against the service' },
    {
      system: 'cloudtrail-s3',
      connector: 'cloudtrail',
      name: 'AWS CloudTrail, files in S3 announced through SQS',
      remark: 'not tested against the service',
    },
  ],
})
