import { awsComplaint, awsFields, awsSinkFields } from '../../messaging/aws-settings.ts'
import {
  Complaint,
  defineSchema,
  duration,
  integer,
  messageSourceFields,
  urlText,
  type ConfigOf,
  timeoutField,
} from '../../schema/index.ts'

export const sqsSchema = defineSchema({
  type: 'aws-sqs',
  role: 'sink',
  summary: 'Sends events as CloudEvents to an Amazon SQS queue and waits until each is stored',
  fields: {
    queue_url: urlText(
      {
        description:
          'URL of the queue. A queue with a name that ends in `.fifo` preserves the order of events with the same key',
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
  summary:
    'Reads events from an Amazon SQS queue, including SNS notifications, and deletes them after the journal is synced',
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
        description: 'Visibility timeout of received messages; extended while they wait for the journal',
        default: '60s',
      },
      { min: '2s', max: '12h' },
    ),
    requests: integer(
      { description: 'Maximum concurrent receive requests, of up to ten messages each', unit: 'requests', default: 10 },
      { min: 1, max: 50 },
    ),
    timeout: timeoutField('Timeout of one response, in addition to the SQS long-poll wait'),
    ...messageSourceFields,
  },
  check: ({ queue_url: url }) => noQueue(url),
})

function noQueue(url: string): Complaint | null {
  return /^\/[^/]+\/[^/]+$/.test(new URL(url).pathname)
    ? null
    : new Complaint(
        `\`${url}\` names no queue`,
        'write the URL that `aws sqs get-queue-url` prints, https://HOST/ACCOUNT/QUEUE',
        ['queue_url'],
      )
}

export type SqsConfig = ConfigOf<typeof sqsSchema>
