import { awsFields } from '../../messaging/aws-settings.ts'
import {
  ackField,
  bytes,
  Complaint,
  defineSchema,
  duration,
  leaseComplaint,
  leaseFields,
  list,
  text,
  urlText,
  variants,
  type ConfigOf,
} from '../../schema/index.ts'

const region = text(
  { description: 'A region', required: true, example: 'eu-central-1' },
  { pattern: /[a-z]{2}[a-z0-9-]*-\d+/, expects: 'a region such as eu-central-1' },
)
const urls = { schemes: ['https', 'http'] } as const

const from = variants(
  {
    lookup: {
      regions: list(region, {
        description:
          'Regions that are asked; what has no region, such as IAM, is in us-east-1. Empty: `region`, else that of environment or profile',
        default: [],
        example: ['eu-central-1', 'us-east-1'],
      }),
      every: duration(
        { description: 'How often each region is asked for new events', default: '60s' },
        { min: '1s', max: '1h' },
      ),
      look_back: duration(
        {
          description: 'How late an event may become visible; so far back each request looks, and the first one',
          default: '15m',
        },
        { min: '1m', max: '1d' },
      ),
      backfill: duration(
        {
          description: 'How far back the first request looks instead; the API has ninety days',
          default: null,
          example: '7d',
        },
        { min: '1m', max: '90d' },
      ),
    },
    queue: {
      queue_url: urlText(
        {
          description: 'URL of the queue that S3 tells of new files, itself or through SNS',
          required: true,
          example: 'https://sqs.eu-central-1.amazonaws.com/123456789012/cloudtrail',
        },
        urls,
      ),
      bucket: text(
        {
          description: 'Bucket that the trail writes to; nothing is fetched from any other, whatever a message says',
          required: true,
          example: 'example-org-cloudtrail',
        },
        { pattern: /[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/, expects: 'the name of a bucket' },
      ),
      s3_endpoint: urlText(
        {
          description: 'Address of S3 instead of the public one, with the bucket in the path',
          default: null,
          example: 'https://bucket.vpce-1a2b-3c4d.s3.eu-central-1.vpce.amazonaws.com',
        },
        urls,
      ),
      visibility: duration(
        {
          description: 'For so long SQS keeps a message from others while its files are read; prolonged meanwhile',
          default: '60s',
        },
        { min: '2s', max: '12h' },
      ),
      largest_file: bytes(
        {
          description:
            "Most bytes that a file may have, unpacked; a larger one is kept as a message that can't be read",
          default: '128MiB',
        },
        { min: '1MiB', max: '1GiB' },
      ),
      buffer: bytes(
        {
          description:
            'Most bytes of records that may wait for the journal, with `ack: sink:<id>` for the sink, before no more files are read',
          default: '8MiB',
        },
        { min: '64KiB', max: '1GiB' },
      ),
    },
  },
  {
    description:
      "Where events come from: `lookup` asks CloudTrail's event history (management events, 100 a second at most), `queue` reads the files of a trail, of which S3 tells through SQS (everything that the trail has, of all accounts and regions)",
    required: true,
    example: { type: 'lookup', regions: ['eu-central-1', 'us-east-1'] },
  },
)

export const cloudtrailSchema = defineSchema({
  type: 'cloudtrail',
  role: 'source',
  summary: 'Reads audit events of AWS (CloudTrail): who did what, where and with what outcome',
  fields: {
    from,
    ...awsFields,
    timeout: duration(
      { description: 'How long one answer may take, beyond the time for which SQS waits for messages', default: '30s' },
      { min: '10ms', max: '10m' },
    ),
    lease: leaseFields.lease,
    ack: ackField(
      'When a message of `from.type: queue` is deleted, and what the `lease` of `from.type: lookup` tells to be done: what is in the journal, or what a sink has settled (delivered, filtered or dead-lettered), so that nothing is lost with a journal that has no volume. That sink has `when_behind: block`',
    ),
  },
  check({ from: way, lease, ack }) {
    const unheld =
      way.type === 'lookup'
        ? leaseComplaint({ lease, ack })
        : lease === null
          ? null
          : new Complaint('a queue is read by all at once, and needs no turns', 'leave out `lease`', ['lease'])
    if (unheld !== null) return unheld
    if (way.type === 'lookup')
      return new Set(way.regions).size === way.regions.length
        ? null
        : new Complaint('a region is named twice', 'name each once', ['from', 'regions'])
    return /^\/[^/]+\/[^/]+$/.test(new URL(way.queue_url).pathname)
      ? null
      : new Complaint(
          `\`${way.queue_url}\` names no queue`,
          'write the URL that `aws sqs get-queue-url` gives, https://HOST/ACCOUNT/QUEUE',
          ['from', 'queue_url'],
        )
  },
})

export type CloudtrailConfig = ConfigOf<typeof cloudtrailSchema>
/** One of the two ways. */
export type From<Way extends CloudtrailConfig['from']['type']> = Extract<
  CloudtrailConfig['from'],
  { readonly type: Way }
>
