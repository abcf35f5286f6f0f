import type { AuditResource } from '../../model/audit.ts'
import { isRecord, withoutUndefined, textOf, type Fields } from '../../model/json.ts'

export type ReturnedResource = Readonly<{
  ResourceType?: string | undefined
  ResourceName?: string | undefined
}>

export interface FoundResource extends AuditResource {
  readonly id: string
  readonly service?: string
  readonly account?: string
}

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
const makes = /^(?:Create|Run|Allocate|Copy|Import|Register|Restore)/

export function resourceOf(record: Fields, lookedUp: readonly ReturnedResource[]): FoundResource | undefined {
  const listed = Array.isArray(record['resources']) ? record['resources'].find(isRecord) : undefined
  const [request, answered] = [record['requestParameters'], record['responseElements']].map((part) =>
    isRecord(part) ? part : {},
  ) as [Fields, Fields]
  const isNew = makes.test(textOf(record['eventName']) ?? '')
  const [first] = lookedUp
  return (
    named(textOf(listed?.['ARN']) ?? textOf(listed?.['arn']), textOf(listed?.['type'])) ??
    ofInstances(request) ??
    ofInstances(answered) ??
    (isNew ? (inParameters(answered) ?? inParameters(request)) : (inParameters(request) ?? inParameters(answered))) ??
    named(first?.ResourceName, first?.ResourceType)
  )
}

function ofInstances({ instancesSet: set }: Fields): FoundResource | undefined {
  const first: unknown = isRecord(set) && Array.isArray(set['items']) ? set['items'][0] : undefined
  return named(isRecord(first) ? textOf(first['instanceId']) : undefined, 'instance')
}

function inParameters(fields: Fields): FoundResource | undefined {
  for (const [field, type] of parameters) {
    const value = fields[field]
    if (typeof value === 'string' && value !== '') return named(value, type)
  }
  return undefined
}

/** ARN, address, id or name; `AWS::EC2::SecurityGroup` becomes `securitygroup` of `ec2`. */
function named(text: string | undefined, of: string | undefined): FoundResource | undefined {
  if (text === undefined) return undefined
  const [, typed, last] = /^AWS::(\w+)::(?:\w+::)*(\w+)$/.exec(of ?? '') ?? [undefined, undefined, of]
  const type = last?.toLowerCase()
  const [, owner, account, within] = /^arn:[^:]*:([^:]*):[^:]*:([^:]*):(.+)$/.exec(text) ?? []
  if (within === undefined || owner === undefined) {
    const isAddress = /^https?:\/\//.test(text)
    return withoutUndefined<FoundResource>({
      type,
      id: isAddress ? text.slice(text.lastIndexOf('/') + 1) : text,
      url: isAddress ? text : undefined,
      service: typed?.toLowerCase(),
    })
  }
  const [, kind, rest] = (owner === 's3' ? null : /^([a-zA-Z0-9-]+)[:/](.+)$/.exec(within)) ?? []
  const id = rest ?? within
  // Other records omit the path of an IAM name.
  return withoutUndefined<FoundResource>({
    type: type ?? kind?.toLowerCase(),
    id: owner === 'iam' ? id.slice(id.lastIndexOf('/') + 1) : id,
    url: text,
    service: owner,
    account: account === '' || account === 'aws' ? undefined : account,
  })
}
