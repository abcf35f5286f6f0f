import { awsComplaint, awsSinkFields } from '../../bus/aws-settings.ts'
import { Complaint, defineSchema, urlText, type ConfigOf } from '../../schema/index.ts'

export const sqsSchema = defineSchema({
  type: 'aws-sqs',
  role: 'sink',
  summary: 'Sends events as CloudEvents to a queue of Amazon SQS, and waits until it has each of them',
  fields: {
    queue_url: urlText({ description: 'URL of the queue; one that ends in `.fifo` keeps the events of a key in order', required: true, example: 'https://sqs.eu-central-1.amazonaws.com/123456789012/weir.fifo' }, { schemes: ['https', 'http'] }),
    ...awsSinkFields,
  },
  check({ queue_url: url, ...message }) {
    if (!/^\/[^/]+\/[^/]+$/.test(new URL(url).pathname)) return new Complaint(`\`${url}\` names no queue`, 'write the URL that `aws sqs get-queue-url` gives, https://HOST/ACCOUNT/QUEUE', ['queue_url'])
    return awsComplaint(message)
  },
})

export type SqsConfig = ConfigOf<typeof sqsSchema>
