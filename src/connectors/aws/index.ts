import { defineConnector } from '../../engine/manifest.ts'
import { awsSchema } from './config.ts'

export default defineConnector({
  source: { schema: awsSchema, thread: 'watch' },
  support: [
    {
      system: 'aws-inventory',
      connector: 'aws',
      name: 'AWS resources (EC2, EKS, ELB, S3)',
      remark: 'not tested against AWS',
    },
  ],
})
