import type { Address, Instance, Snapshot as DiskSnapshot, Tag, Volume, Vpc } from '@aws-sdk/client-ec2'
import type { Cluster, Nodegroup } from '@aws-sdk/client-eks'
import type { LoadBalancer } from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Bucket } from '@aws-sdk/client-s3'
import type { CloudState } from '../../model/cloud.ts'
import { withoutUndefined } from '../../model/json.ts'
import type { FoundResource, Snapshot } from '../../polling/inventory/collector.ts'
import { nonEmpty, snapshotOf } from '../../polling/inventory/fields.ts'

export type ClusterOfList = Readonly<{ cluster: Cluster; pools: readonly Nodegroup[] }>

const gib = 2 ** 30
const states: Readonly<Record<string, CloudState>> = {
  running: 'running',
  'in-use': 'running',
  available: 'running',
  completed: 'running',
  active: 'running',
  pending: 'pending',
  creating: 'pending',
  updating: 'pending',
  provisioning: 'pending',
  recoverable: 'stopped',
  stopping: 'stopped',
  stopped: 'stopped',
  active_impaired: 'degraded',
  degraded: 'degraded',
  error: 'error',
  failed: 'error',
  create_failed: 'error',
  delete_failed: 'error',
  'shutting-down': 'deleting',
  deleting: 'deleting',
  terminated: 'deleted',
  deleted: 'deleted',
}

type Given = { readonly [K in keyof FoundResource]?: FoundResource[K] | undefined } & Readonly<{
  type: FoundResource['type']
  region: string
}>

/** Undefined without an id. */
function resourceOf({ id, name, rawState, ...more }: Given): FoundResource | undefined {
  if (id === undefined) return undefined
  const state = rawState === undefined ? 'running' : (states[rawState.toLowerCase()] ?? 'unknown')
  return withoutUndefined<FoundResource>({ id, name: name ?? id, state, rawState, ...more })
}

function tagsOf(tags: readonly Tag[] = []): Readonly<Record<string, string>> | undefined {
  const tagValues = Object.fromEntries(tags.flatMap(({ Key, Value = '' }) => (Key === undefined ? [] : [[Key, Value]])))
  return Object.keys(tagValues).length === 0 ? undefined : tagValues
}

const sized = (gibibytes: number | undefined) => (gibibytes === undefined ? undefined : gibibytes * gib)
const poolId = (cluster: string, pool: string) => `${cluster}/${pool}`

export function mapInstances(instances: readonly Instance[], region: string): Snapshot {
  return snapshotOf(
    instances.map((instance) => {
      const tags = tagsOf(instance.Tags)
      const { CoreCount: cores, ThreadsPerCore: threads = 1 } = instance.CpuOptions ?? {}
      const [cluster, pool] = [tags?.['eks:cluster-name'], tags?.['eks:nodegroup-name']]
      const interfaces = instance.NetworkInterfaces ?? []
      return resourceOf({
        type: 'instance',
        region,
        id: instance.InstanceId,
        name: tags?.['Name'],
        tags,
        rawState: instance.State?.Name,
        size: instance.InstanceType,
        cpuCores: cores === undefined ? undefined : cores * threads,
        createdAt: instance.LaunchTime?.toISOString(),
        parent: cluster === undefined || pool === undefined ? undefined : poolId(cluster, pool),
        addresses: nonEmpty([
          instance.PublicIpAddress,
          ...interfaces.flatMap(({ Ipv6Addresses: all = [] }) => all.map(({ Ipv6Address: address }) => address)),
        ]),
        attributes: withoutUndefined<Record<string, string>>({
          zone: instance.Placement?.AvailabilityZone,
          image: instance.ImageId,
          vpc: instance.VpcId,
          lifecycle: instance.InstanceLifecycle,
        }),
      })
    }),
  )
}

export function mapVolumes(volumes: readonly Volume[], region: string): Snapshot {
  return snapshotOf(
    volumes.map((volume) => {
      const tags = tagsOf(volume.Tags)
      return resourceOf({
        type: 'volume',
        region,
        id: volume.VolumeId,
        name: tags?.['Name'],
        tags,
        rawState: volume.State,
        size: volume.VolumeType,
        diskBytes: sized(volume.Size),
        createdAt: volume.CreateTime?.toISOString(),
        attachedTo: (volume.Attachments ?? []).flatMap(({ InstanceId: id }) => id ?? []),
        attributes: withoutUndefined<Record<string, string | boolean>>({
          zone: volume.AvailabilityZone,
          encrypted: volume.Encrypted,
        }),
      })
    }),
  )
}

export function mapAddresses(addresses: readonly Address[], region: string): Snapshot {
  return snapshotOf(
    addresses.map((address) => {
      const { AssociationId: association, InstanceId: instance, NetworkInterfaceId: card } = address
      const tags = tagsOf(address.Tags)
      const isUsed = association !== undefined || (instance !== undefined && instance !== '')
      return resourceOf({
        type: 'ip_address',
        region,
        id: address.AllocationId ?? address.PublicIp,
        name: tags?.['Name'] ?? address.PublicIp,
        tags,
        addresses: nonEmpty([address.PublicIp]),
        attachedTo: isUsed ? [(instance === '' ? undefined : instance) ?? card ?? association ?? ''] : [],
      })
    }),
  )
}

export function mapSnapshots(snapshots: readonly DiskSnapshot[], region: string): Snapshot {
  return snapshotOf(
    snapshots.map((snapshot) => {
      const tags = tagsOf(snapshot.Tags)
      return resourceOf({
        type: 'snapshot',
        region,
        id: snapshot.SnapshotId,
        name: tags?.['Name'],
        tags,
        rawState: snapshot.State,
        diskBytes: sized(snapshot.VolumeSize),
        createdAt: snapshot.StartTime?.toISOString(),
        attachedTo: nonEmpty([snapshot.VolumeId]),
      })
    }),
  )
}

export function mapNetworks(networks: readonly Vpc[], region: string): Snapshot {
  return snapshotOf(
    networks.map((network) => {
      const tags = tagsOf(network.Tags)
      return resourceOf({
        type: 'network',
        region,
        id: network.VpcId,
        name: tags?.['Name'],
        tags,
        rawState: network.State,
        attributes: withoutUndefined<Record<string, string>>({ range: network.CidrBlock }),
      })
    }),
  )
}

/** The id is the end of the ARN: `app/web/50dc6c495c0c9188`. */
export function mapLoadBalancers(balancers: readonly LoadBalancer[], region: string): Snapshot {
  return snapshotOf(
    balancers.map((balancer) =>
      resourceOf({
        type: 'load_balancer',
        region,
        id: balancer.LoadBalancerArn?.split(':loadbalancer/')[1],
        name: balancer.LoadBalancerName,
        rawState: balancer.State?.Code,
        size: balancer.Type,
        createdAt: balancer.CreatedTime?.toISOString(),
        addresses: nonEmpty(
          (balancer.AvailabilityZones ?? []).flatMap(({ LoadBalancerAddresses: all = [] }) =>
            all.map(({ IpAddress: address }) => address),
          ),
        ),
        attributes: withoutUndefined<Record<string, string>>({ host: balancer.DNSName, scheme: balancer.Scheme }),
      }),
    ),
  )
}

export function mapClusters(clusters: readonly ClusterOfList[], region: string): Snapshot {
  return snapshotOf(
    clusters.flatMap(({ cluster, pools }) => [
      resourceOf({
        type: 'kubernetes_cluster',
        region,
        id: cluster.name,
        tags: cluster.tags,
        rawState: cluster.status,
        nodes: pools.reduce((sum, { scalingConfig: scaling }) => sum + (scaling?.desiredSize ?? 0), 0),
        createdAt: cluster.createdAt?.toISOString(),
        attributes: withoutUndefined<Record<string, string>>({ version: cluster.version }),
      }),
      ...pools.map((pool) =>
        resourceOf({
          type: 'node_pool',
          region,
          id:
            cluster.name === undefined || pool.nodegroupName === undefined
              ? undefined
              : poolId(cluster.name, pool.nodegroupName),
          name: pool.nodegroupName,
          parent: cluster.name,
          tags: pool.tags,
          rawState: pool.status,
          size: pool.instanceTypes?.join(','),
          nodes: pool.scalingConfig?.desiredSize,
          createdAt: pool.createdAt?.toISOString(),
          attributes: withoutUndefined<Record<string, string>>({ version: pool.version, capacity: pool.capacityType }),
        }),
      ),
    ]),
  )
}

export function mapBuckets(buckets: readonly Bucket[]): Snapshot {
  return snapshotOf(
    buckets.map((bucket) =>
      resourceOf({
        type: 'bucket',
        region: bucket.BucketRegion ?? 'global',
        id: bucket.Name,
        createdAt: bucket.CreationDate?.toISOString(),
      }),
    ),
  )
}
