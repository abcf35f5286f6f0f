import { awsComplaint, awsFields, awsSinkFields } from '../../messaging/aws-settings.ts'
import {
  Complaint,
  defineSchema,
  duration,
  integer,
  messageSourceFields,
  urlText,
  type ConfigOf,
} from '../../schema/index.ts'

export const sqsSchema = defineSchema({
  type: 'aws-sqs',
  role: 'sink',
  summary: 'Sends events as CloudEvents to a queue of Amazon SQS, and waits until it has each of them',
  fields: {
    queue_url: urlText(
      {
        description: 'URL of the queue; one that ends in `.fifo` keeps the events of a key in order',
        required: true,
        example: 'https://sqs.eu-central-1.amazonaws.com/123456789012/weir.fifo',
      },
      { schemes: ['https', 'http'] },
    ),
    ...awsFields,
    ...awsSinkFields,
  },
  check: ({ queue_url: url, ...message }) => noQueue(url) ?? awsComplaint(url, message),
})

export const sqsSourceSchema = defineSchema({
  type: 'aws-sqs',
  role: 'source',
  summary: 'Reads events from a queue of Amazon SQS, also those that SNS puts there, and deletes what is synced',
  fields: {
    queue_url: urlText(
      {
        description: 'URL of the queue',
        required: true,
        example: 'https://sqs.eu-central-1.amazonaws.com/123456789012/events',
      },
      { schemes: ['https', 'http'] },
    ),
    ...awsFields,
    visibility: duration(
      {
        description: 'For so long SQS keeps a message from others while it waits for the journal; prolonged meanwhile',
        default: '60s',
      },
      { min: '2s', max: '12h' },
    ),
    requests: integer(
      { description: 'Most requests for messages at once: SQS gives ten at a time', unit: 'requests', default: 10 },
      { min: 1, max: 50 },
    ),
    timeout: duration(
      { description: 'How long one answer may take, beyond the time for which SQS waits for messages', default: '10s' },
      { min: '10ms' },
    ),
    ...messageSourceFields,
  },
  check: ({ queue_url: url }) => noQueue(url),
})

function noQueue(url: string): Complaint | null {
  return /^\/[^/]+\/[^/]+$/.test(new URL(url).pathname)
    ? null
    : new Complaint(
        `\`${url}\` names no queue`,
        'write the URL that `aws sqs get-queue-url` gives, https://HOST/ACCOUNT/QUEUE',
        ['queue_url'],
      )
}

export type SqsConfig = ConfigOf<typeof sqsSchema>
export type SqsSourceConfig = ConfigOf<typeof sqsSourceSchema>
