import { awsFields } from '../../messaging/aws-settings.ts'
import { polledApiFields } from '../../net/http/polled-api-settings.ts'
import { Complaint, defineSchema, duration, leaseComplaint, list, text, type ConfigOf } from '../../schema/index.ts'

const { tls: _, ...fields } = awsFields

export const awsSchema = defineSchema({
  type: 'aws',
  role: 'source',
  summary: 'Reads the resources of AWS accounts: EC2, EKS, load balancers, S3',
  fields: {
    roles: list(
      text(
        { description: 'ARN of a role', required: true, example: 'arn:aws:iam::123456789012:role/weir' },
        { pattern: /arn:aws[a-z-]*:iam::\d{12}:role\/[!-~]+/, expects: 'arn:aws:iam::ACCOUNT:role/NAME' },
      ),
      {
        description: 'Roles to assume, one for each account. Empty: the account of the credentials',
        default: [],
        example: ['arn:aws:iam::123456789012:role/weir'],
      },
    ),
    external_id: text({ description: 'External id of the roles', default: null, example: 'weir-1b2c3d' }),
    regions: list(
      text(
        { description: 'A region', required: true, example: 'eu-central-1' },
        { pattern: /[a-z]{2}[a-z0-9-]*-\d+/, expects: 'a region such as eu-central-1' },
      ),
      {
        description: 'Regions to read. Empty: all that the account has enabled',
        default: [],
        example: ['eu-central-1'],
      },
    ),
    every: duration(
      { description: 'Interval of resources that change often: instances, volumes, clusters', default: '2m' },
      { min: '1s', max: '1d' },
    ),
    every_slow: duration(
      { description: 'Interval of snapshots, networks and buckets', default: '10m' },
      { min: '1s', max: '1d' },
    ),
    ...fields,
    ...polledApiFields,
  },
  check({ roles, regions, lease, ack }) {
    for (const [name, values] of Object.entries({ roles, regions }))
      if (new Set(values).size !== values.length)
        return new Complaint(`an entry of \`${name}\` is listed twice`, 'list each once', [name])
    return leaseComplaint({ lease, ack })
  },
})

export type AwsInventoryConfig = ConfigOf<typeof awsSchema>
