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
          'Regions to poll. Global services such as IAM report in us-east-1. Empty: `region`, else the ' +
          'region of environment or profile',
        default: [],
        example: ['eu-central-1', 'us-east-1'],
      }),
      every: duration({ description: 'Poll interval per region', default: '60s' }, { min: '1s', max: '1h' }),
      look_back: duration(
        {
          description:
            'Maximum delay until an event becomes visible; each request, including the first, starts this far back',
          default: '15m',
        },
        { min: '1m', max: '1d' },
      ),
      backfill: duration(
        {
          description: 'Start of the first request, relative to now. The API stores ninety days',
          default: null,
          example: '7d',
        },
        { min: '1m', max: '90d' },
      ),
    },
    queue: {
      queue_url: urlText(
        {
          description: 'URL of the queue that receives S3 notifications about new files, directly or through SNS',
          required: true,
          example: 'https://sqs.eu-central-1.amazonaws.com/123456789012/cloudtrail',
        },
        urls,
      ),
      bucket: text(
        {
          description: 'Bucket that the trail writes to; files in other buckets are never fetched',
          required: true,
          example: 'example-org-cloudtrail',
        },
        { pattern: /[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/, expects: 'the name of a bucket' },
      ),
      s3_endpoint: urlText(
        {
          description: 'S3 endpoint URL for path-style requests. Unset: the public endpoint',
          default: null,
          example: 'https://bucket.vpce-1a2b-3c4d.s3.eu-central-1.vpce.amazonaws.com',
        },
        urls,
      ),
      visibility: duration(
        {
          description: 'Visibility timeout of received messages; extended while their files are read',
          default: '60s',
        },
        { min: '2s', max: '12h' },
      ),
      max_file_size: bytes(
        {
          description: 'Maximum uncompressed size of a file; larger files are stored as unreadable messages',
          default: '128MiB',
        },
        { min: '1MiB', max: '1GiB' },
      ),
      buffer: bytes(
        {
          description:
            'Maximum bytes of unacknowledged records before reading pauses. They wait for the journal, or ' +
            'for the sink with `ack: sink:<id>`',
          default: '8MiB',
        },
        { min: '64KiB', max: '1GiB' },
      ),
    },
  },
  {
    description:
      'Origin of the events. `lookup` polls the CloudTrail event history: management events, at most 100 a ' +
      'second. `queue` reads the files of a trail announced through SQS: all events of all accounts and ' +
      'regions of the trail',
    required: true,
    example: { type: 'lookup', regions: ['eu-central-1', 'us-east-1'] },
  },
)

export const cloudtrailSchema = defineSchema({
  type: 'cloudtrail',
  role: 'source',
  summary: 'Reads AWS audit events (CloudTrail): actor, action, resource and outcome',
  fields: {
    from,
    ...awsFields,
    timeout: duration(
      { description: 'Timeout of one response, in addition to the SQS long-poll wait', default: '30s' },
      { min: '10ms', max: '10m' },
    ),
    lease: leaseFields.lease,
    ack: ackField(
      'Rows that are acknowledged: rows in the journal, or rows that a sink settled (delivered, filtered or ' +
        'dead-lettered). For `from.type: queue` the message is then deleted; for `lookup` the checkpoint in ' +
        'the `lease` advances. With a sink, no row is lost even if the journal has no volume. That sink needs ' +
        '`when_behind: block`',
    ),
  },
  check({ from: way, lease, ack }) {
    const unheld =
      way.type === 'lookup'
        ? leaseComplaint({ lease, ack })
        : lease === null
          ? null
          : new Complaint('a queue distributes its messages between replicas and needs no lease', 'remove `lease`', [
              'lease',
            ])
    if (unheld !== null) return unheld
    if (way.type === 'lookup')
      return new Set(way.regions).size === way.regions.length
        ? null
        : new Complaint('a region is listed twice', 'list each once', ['from', 'regions'])
    return /^\/[^/]+\/[^/]+$/.test(new URL(way.queue_url).pathname)
      ? null
      : new Complaint(
          `\`${way.queue_url}\` names no queue`,
          'write the URL that `aws sqs get-queue-url` prints, https://HOST/ACCOUNT/QUEUE',
          ['from', 'queue_url'],
        )
  },
})

export type CloudtrailConfig = ConfigOf<typeof cloudtrailSchema>
export type From<Way extends CloudtrailConfig['from']['type']> = Extract<
  CloudtrailConfig['from'],
  { readonly type: Way }
>
