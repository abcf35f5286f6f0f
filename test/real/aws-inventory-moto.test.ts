// Source aws on the resources of two accounts and two regions of moto.
import {
  AllocateAddressCommand,
  AttachVolumeCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVolumeCommand,
  CreateVpcCommand,
  DeleteVolumeCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2'
import { CreateClusterCommand, CreateNodegroupCommand, EKSClient } from '@aws-sdk/client-eks'
import { CreateLoadBalancerCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { awsSchema } from '../../src/connectors/aws/config.ts'
import { openAws } from '../../src/connectors/aws/source.ts'
import { cloudTypes, type CloudChange } from '../../src/model/cloud.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { auth, credentials, region } from '../kit/aws-server.ts'
import { proves } from '../kit/proof.ts'
import { QueryScene } from '../kit/query-scene.ts'
import { installMoto } from './install/moto.ts'
import { startMoto, type VersionedAws } from './kit/aws.ts'

let server: VersionedAws

proves('source', { system: 'aws-inventory', server: 'moto', version: () => server.version })

beforeAll(async () => {
  if ((await installMoto()).path !== undefined) server = await startMoto()
}, 120_000)

beforeEach(async (context) => {
  const found = await installMoto()
  if (found.path === undefined) context.skip(found.reason)
})

afterAll(() => server?.close())

const own = '123456789012'
const other = '210987654321'
const role = `arn:aws:iam::${other}:role/weir`
const start = Date.parse('2026-11-21T11:05:00.000Z')

const options = (place = region) => ({ endpoint: server.direct ?? server.url, region: place, credentials })

class Scene extends QueryScene {
  constructor() {
    super('aws', start)
  }

  /** Starts the source, and stops it when the condition holds. */
  async run(until: () => unknown, written: Partial<WrittenConfigOf<typeof awsSchema>> = {}): Promise<void> {
    const config = configFrom(awsSchema, {
      region,
      regions: [region, 'us-east-1'],
      endpoint: server.direct ?? server.url,
      auth,
      ...written,
    })
    const source = await openAws(config, this.context())
    const abort = new AbortController()
    const done = source.run(abort.signal)
    await expect.poll(until, { interval: 20, timeout: 60_000 }).toBe(true)
    abort.abort()
    await done
  }

  get bodies(): readonly CloudChange[] {
    return this.events
      .filter(({ type }) => type !== cloudTypes.baseline)
      .map(({ data }) => JSON.parse(new TextDecoder().decode(data)) as CloudChange)
  }

  of(type: string, account = own): readonly CloudChange[] {
    return this.bodies.filter((one) => one.type === type && one.account === account)
  }

  /** Lists that were read completely. */
  lists(account = own): number {
    return this.events.filter(
      ({ type, extensions }) => type === cloudTypes.baseline && extensions?.['tenant'] === account,
    ).length
  }
}

/** Lists of two regions, and the buckets. */
const everyList = 2 * 7 + 1

async function instanceIn(client: EC2Client, name: string): Promise<string> {
  const { Instances: [instance] = [] } = await client.send(
    new RunInstancesCommand({ ImageId: 'ami-12c6146b', MinCount: 1, MaxCount: 1, InstanceType: 'm5.large' }),
  )
  const id = instance?.InstanceId ?? ''
  await client.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'Name', Value: name }] }))
  return id
}

test('instances, volumes, addresses, clusters, load balancers and buckets of all regions and accounts', async () => {
  const [here, there] = [new EC2Client(options()), new EC2Client(options('us-east-1'))]
  const [web, far] = [await instanceIn(here, 'web'), await instanceIn(there, 'far')]
  const create = new CreateVolumeCommand({ AvailabilityZone: `${region}a`, Size: 10 })
  const [used, unused] = [(await here.send(create)).VolumeId, (await here.send(create)).VolumeId]
  await here.send(new AttachVolumeCommand({ VolumeId: used, InstanceId: web, Device: '/dev/sdb' }))
  const { PublicIp: address } = await here.send(new AllocateAddressCommand({ Domain: 'vpc' }))

  const { Vpc: network } = await here.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }))
  const subnets: string[] = []
  for (const [at, zone] of ['a', 'b'].entries()) {
    const wanted = { VpcId: network?.VpcId, CidrBlock: `10.9.${at}.0/24`, AvailabilityZone: `${region}${zone}` }
    subnets.push((await here.send(new CreateSubnetCommand(wanted))).Subnet?.SubnetId ?? '')
  }
  const balancers = new ElasticLoadBalancingV2Client(options())
  await balancers.send(new CreateLoadBalancerCommand({ Name: 'front', Subnets: subnets }))
  const eks = new EKSClient(options())
  await eks.send(
    new CreateClusterCommand({
      name: 'prod',
      roleArn: `arn:aws:iam::${own}:role/eks`,
      resourcesVpcConfig: { subnetIds: subnets },
    }),
  )
  await eks.send(
    new CreateNodegroupCommand({
      clusterName: 'prod',
      nodegroupName: 'workers',
      nodeRole: `arn:aws:iam::${own}:role/nodes`,
      subnets,
      scalingConfig: { minSize: 1, maxSize: 5, desiredSize: 3 },
      instanceTypes: ['m5.large'],
    }),
  )
  const s3 = new S3Client({ ...options(), forcePathStyle: true })
  await s3.send(
    new CreateBucketCommand({ Bucket: 'weir-files', CreateBucketConfiguration: { LocationConstraint: region } }),
  )
  const { Credentials: assumed } = await new STSClient(options()).send(
    new AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'test' }),
  )
  const elsewhere = new EC2Client({
    ...options(),
    credentials: {
      accessKeyId: assumed?.AccessKeyId ?? '',
      secretAccessKey: assumed?.SecretAccessKey ?? '',
      sessionToken: assumed?.SessionToken ?? '',
    },
  })
  const foreign = await instanceIn(elsewhere, 'foreign')

  const scene = new Scene()
  const orphans = (type: string, reason: string): number | undefined =>
    scene.metrics.value('cloud_orphaned_resources', { provider: 'aws', account: own, region, type, reason })
  const findings = (): boolean => orphans('volume', 'detached') === 1 && orphans('ip_address', 'unused') === 1
  await scene.run(() => scene.lists() >= everyList && findings())
  expect(
    scene.of('instance').map(({ id, region: place, name, state, size }) => [id, place, name, state, size]),
  ).toEqual(
    expect.arrayContaining([
      [web, region, 'web', 'running', 'm5.large'],
      [far, 'us-east-1', 'far', 'running', 'm5.large'],
    ]),
  )
  const volumes = new Map(scene.of('volume').map((one) => [one.id, one]))
  expect(volumes.get(used ?? '')).toMatchObject({ attachedTo: [web], diskBytes: 10 * 2 ** 30, state: 'running' })
  expect(volumes.get(unused ?? '')).toMatchObject({ attachedTo: [] })
  expect(scene.of('ip_address')).toMatchObject([{ addresses: [address], attachedTo: [] }])
  expect(scene.of('load_balancer')).toMatchObject([
    { name: 'front', id: expect.stringMatching(/^app\/front\//) as string },
  ])
  expect(scene.of('kubernetes_cluster')).toMatchObject([{ id: 'prod', nodes: 3 }])
  expect(scene.of('node_pool')).toMatchObject([{ id: 'prod/workers', parent: 'prod', nodes: 3, size: 'm5.large' }])
  expect(scene.of('bucket')).toMatchObject([{ id: 'weir-files' }])
  expect(scene.of('network').map(({ id }) => id)).toContain(network?.VpcId)

  const roles = new Scene()
  await roles.run(() => roles.lists(other) >= everyList, { roles: [role] })
  expect(roles.of('instance', other).map(({ id }) => id)).toEqual([foreign])
  expect(roles.lists(own)).toBe(0)

  // The deleted volume is absent from two complete lists.
  await here.send(new DeleteVolumeCommand({ VolumeId: unused }))
  const deleted = (): readonly unknown[] => scene.events.filter(({ type }) => type === cloudTypes.deleted)
  await scene.run(() => deleted().length > 0)
  expect(deleted()).toMatchObject([{ extensions: { resourceid: unused, state: 'deleted' } }])
}, 120_000)

test('without `regions` all enabled regions are read', async () => {
  const scene = new Scene()
  const regions = (): number =>
    new Set(
      scene.events.filter(({ type }) => type === cloudTypes.baseline).map(({ extensions }) => extensions?.['region']),
    ).size
  await scene.run(() => regions() > 10, { regions: [] })
  expect(scene.lines).toEqual([])
}, 120_000)
