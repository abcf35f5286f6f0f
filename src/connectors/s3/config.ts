import { awsFields } from '../../messaging/aws-settings.ts'
import {
  bytes,
  choice,
  Complaint,
  defineSchema,
  flowLineCodec,
  integer,
  mapping,
  text,
  type ConfigOf,
  sendTimeout,
} from '../../schema/index.ts'

export const s3Schema = defineSchema({
  type: 's3',
  role: 'sink',
  summary: 'Stores events and flows as objects in a bucket of Amazon S3 or a compatible server',
  fields: {
    bucket: text({ description: 'Name of the bucket, which must exist', required: true, example: 'network-flows' }),
    prefix: text({ description: 'Begin of each key', default: null, example: 'prod/flows' }),
    format: choice(['lines', 'netobserv', 'parquet'], {
      description:
        'Content of an object. `lines`: one row per line. `netobserv`: a JSON object with the list `flow_logs`, as ' +
        'flowlogs-pipeline writes it, for flows only. `parquet`: the columns of one family, by hour of receipt',
      default: 'lines',
    }),
    ...flowLineCodec,
    header: mapping(text({ description: 'Value', required: true, example: 'prod-west' }), {
      description: 'Further members of an object in format `netobserv`',
      default: {},
      example: { site: 'prod-west' },
    }),
    compression: choice(['gzip', 'none'], {
      description: 'Compression of objects in format `lines`',
      default: 'gzip',
    }),
    object_rows: integer(
      {
        description: 'Maximum rows of an object; a batch (`delivery.events`, `delivery.wait`) is at least one object',
        unit: 'rows',
        default: 50_000,
      },
      { min: 1, max: 1_000_000 },
    ),
    object_size: bytes(
      { description: 'Maximum size of an object before compression; a larger row is stored alone', default: '32MiB' },
      { min: '1KiB', max: '256MiB' },
    ),
    timeout: sendTimeout('30s'),
    ...awsFields,
  },
  check({ bucket, format, codec, header }) {
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
      return new Complaint(
        `\`${bucket}\` is no name of a bucket`,
        'a bucket has 3 to 63 lower-case letters and digits',
        ['bucket'],
      )
    if (format === 'netobserv' && codec === 'csv')
      return new Complaint('format `netobserv` is JSON', 'remove `codec: csv`', ['codec'])
    if (format === 'parquet' && codec !== 'json')
      return new Complaint('format `parquet` has columns and no codec', 'remove `codec`', ['codec'])
    const reserved = Object.keys(header).find((name) => reservedMembers.has(name))
    if (reserved !== undefined)
      return new Complaint(`the sink sets \`${reserved}\` itself`, 'choose another name', ['header', reserved])
    return Object.keys(header).length > 0 && format !== 'netobserv'
      ? new Complaint(`format \`${format}\` has no header`, 'set `format: netobserv`', ['header'])
      : null
  },
})

const reservedMembers = new Set([
  'version',
  'capture_start_time',
  'capture_end_time',
  'number_of_flow_logs',
  'flow_logs',
])

export type S3Config = ConfigOf<typeof s3Schema>
