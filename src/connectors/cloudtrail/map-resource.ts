/** What it was done to: as the record says, or as what was asked for says. */
import type { AuditResource } from '../../model/audit.ts'
import { isRecord, known, textOf, type Fields } from '../../model/json.ts'

/** As `LookupEvents` names it, beside the record. */
export interface LookedUp {
  readonly ResourceType?: string | undefined
  readonly ResourceName?: string | undefined
}

export interface FoundResource extends AuditResource {
  readonly id: string
  /** Whose it is, where that is another service or account than the record's. */
  readonly service?: string
  readonly account?: string
}

/** Parameters that name what a request is about, with its type; the first that is there is it. */
const parameters = [
  ['instanceId', 'instance'],
  ['volumeId', 'volume'],
  ['snapshotId', 'snapshot'],
  ['groupId', 'securitygroup'],
  ['networkInterfaceId', 'networkinterface'],
  ['subnetId', 'subnet'],
  ['vpcId', 'vpc'],
  ['allocationId', 'eip'],
  ['imageId', 'image'],
  ['roleName', 'role'],
  ['accessKeyId', 'accesskey'],
  ['userName', 'user'],
  ['groupName', 'group'],
  ['policyArn', 'policy'],
  ['roleArn', 'role'],
  ['bucketName', 'bucket'],
  ['functionName', 'function'],
  ['tableName', 'table'],
  ['dBInstanceIdentifier', 'dbinstance'],
  ['dBClusterIdentifier', 'dbcluster'],
  ['clusterName', 'cluster'],
  ['stackName', 'stack'],
  ['secretId', 'secret'],
  ['keyId', 'key'],
  ['loadBalancerArn', 'loadbalancer'],
  ['loadBalancerName', 'loadbalancer'],
  ['autoScalingGroupName', 'autoscalinggroup'],
  ['queueUrl', 'queue'],
  ['topicArn', 'topic'],
  ['hostedZoneId', 'hostedzone'],
  ['trailName', 'trail'],
] as const
/** These name something new only in their answer. */
const makes = /^(?:Create|Run|Allocate|Copy|Import|Register|Restore)/

export function resourceOf(record: Fields, lookedUp: readonly LookedUp[]): FoundResource | undefined {
  const listed = Array.isArray(record['resources']) ? record['resources'].find(isRecord) : undefined
  const [asked, answered] = [record['requestParameters'], record['responseElements']].map((told) =>
    isRecord(told) ? told : {},
  ) as [Fields, Fields]
  const isNew = makes.test(textOf(record['eventName']) ?? '')
  const [first] = lookedUp
  // Older records write the ARN otherwise.
  return (
    named(textOf(listed?.['ARN']) ?? textOf(listed?.['arn']), textOf(listed?.['type'])) ??
    ofInstances(asked) ??
    ofInstances(answered) ??
    (isNew ? (inParameters(answered) ?? inParameters(asked)) : (inParameters(asked) ?? inParameters(answered))) ??
    named(first?.ResourceName, first?.ResourceType)
  )
}

function ofInstances({ instancesSet: set }: Fields): FoundResource | undefined {
  const first: unknown = isRecord(set) && Array.isArray(set['items']) ? set['items'][0] : undefined
  return named(isRecord(first) ? textOf(first['instanceId']) : undefined, 'instance')
}

function inParameters(told: Fields): FoundResource | undefined {
  for (const [field, type] of parameters) {
    const value = told[field]
    if (typeof value === 'string' && value !== '') return named(value, type)
  }
  return undefined
}

/** By an ARN, an address, an id or a name; `AWS::EC2::SecurityGroup` is a `securitygroup` of `ec2`. */
function named(text: string | undefined, of: string | undefined): FoundResource | undefined {
  if (text === undefined) return undefined
  const [, typed, last] = /^AWS::(\w+)::(?:\w+::)*(\w+)$/.exec(of ?? '') ?? [undefined, undefined, of]
  const type = last?.toLowerCase()
  const [, owner, account, within] = /^arn:[^:]*:([^:]*):[^:]*:([^:]*):(.+)$/.exec(text) ?? []
  if (within === undefined || owner === undefined) {
    const isAddress = /^https?:\/\//.test(text)
    return known<FoundResource>({
      type,
      id: isAddress ? text.slice(text.lastIndexOf('/') + 1) : text,
      url: isAddress ? text : undefined,
      service: typed?.toLowerCase(),
    })
  }
  // Of S3 it is the bucket and the name within.
  const [, kind, rest] = (owner === 's3' ? null : /^([a-zA-Z0-9-]+)[:/](.+)$/.exec(within)) ?? []
  const id = rest ?? within
  // A path is no part of a name in IAM: elsewhere the same role is named without it.
  return known<FoundResource>({
    type: type ?? kind?.toLowerCase(),
    id: owner === 'iam' ? id.slice(id.lastIndexOf('/') + 1) : id,
    url: text,
    service: owner,
    account: account === '' || account === 'aws' ? undefined : account,
  })
}
