import { CollectError, type Snapshot } from '../../polling/inventory/collector.ts'
import type { AwsClients } from './client.ts'
import {
  mapAddresses,
  mapBuckets,
  mapClusters,
  mapInstances,
  mapLoadBalancers,
  mapNetworks,
  mapSnapshots,
  mapVolumes,
  type ClusterOfList,
} from './map.ts'

type Read = (clients: AwsClients, region: string, signal: AbortSignal) => Promise<Snapshot>

const pageSize = 500

async function ec2Of(clients: AwsClients, region: string) {
  const library = await import('@aws-sdk/client-ec2')
  const client = await clients.client('ec2', region, (options) => Promise.resolve(new library.EC2Client(options)))
  return { library, client }
}

const instances: Read = async (clients, region, signal) => {
  const { library, client } = await ec2Of(clients, region)
  const pages = await clients.pages(
    (NextToken) => {
      const command = new library.DescribeInstancesCommand({ MaxResults: pageSize, NextToken })
      return clients.call('ec2:DescribeInstances', region, (options) => client.send(command, options), signal)
    },
    (page) => page.NextToken,
  )
  const reservations = pages.flatMap((page) => page.Reservations ?? [])
  return mapInstances(
    reservations.flatMap(({ Instances: instances }) => instances ?? []),
    region,
  )
}

const volumes: Read = async (clients, region, signal) => {
  const { library, client } = await ec2Of(clients, region)
  const pages = await clients.pages(
    (NextToken) => {
      const command = new library.DescribeVolumesCommand({ MaxResults: pageSize, NextToken })
      return clients.call('ec2:DescribeVolumes', region, (options) => client.send(command, options), signal)
    },
    (page) => page.NextToken,
  )
  return mapVolumes(
    pages.flatMap((page) => page.Volumes ?? []),
    region,
  )
}

const addresses: Read = async (clients, region, signal) => {
  const { library, client } = await ec2Of(clients, region)
  const { Addresses: addresses = [] } = await clients.call(
    'ec2:DescribeAddresses',
    region,
    (options) => client.send(new library.DescribeAddressesCommand({}), options),
    signal,
  )
  return mapAddresses(addresses, region)
}

const snapshots: Read = async (clients, region, signal) => {
  const { library, client } = await ec2Of(clients, region)
  const pages = await clients.pages(
    (NextToken) => {
      const command = new library.DescribeSnapshotsCommand({ OwnerIds: ['self'], MaxResults: pageSize, NextToken })
      return clients.call('ec2:DescribeSnapshots', region, (options) => client.send(command, options), signal)
    },
    (page) => page.NextToken,
  )
  return mapSnapshots(
    pages.flatMap((page) => page.Snapshots ?? []),
    region,
  )
}

const networks: Read = async (clients, region, signal) => {
  const { library, client } = await ec2Of(clients, region)
  const pages = await clients.pages(
    (NextToken) => {
      const command = new library.DescribeVpcsCommand({ MaxResults: pageSize, NextToken })
      return clients.call('ec2:DescribeVpcs', region, (options) => client.send(command, options), signal)
    },
    (page) => page.NextToken,
  )
  return mapNetworks(
    pages.flatMap((page) => page.Vpcs ?? []),
    region,
  )
}

const loadBalancers: Read = async (clients, region, signal) => {
  const library = await import('@aws-sdk/client-elastic-load-balancing-v2')
  const client = await clients.client('elb', region, (options) =>
    Promise.resolve(new library.ElasticLoadBalancingV2Client(options)),
  )
  const pages = await clients.pages(
    (Marker) => {
      const command = new library.DescribeLoadBalancersCommand({ Marker })
      const action = 'elasticloadbalancing:DescribeLoadBalancers'
      return clients.call(action, region, (options) => client.send(command, options), signal)
    },
    (page) => page.NextMarker,
  )
  return mapLoadBalancers(
    pages.flatMap((page) => page.LoadBalancers ?? []),
    region,
  )
}

const clusters: Read = async (clients, region, signal) => {
  const library = await import('@aws-sdk/client-eks')
  const client = await clients.client('eks', region, (options) => Promise.resolve(new library.EKSClient(options)))
  const pages = await clients.pages(
    (nextToken) => {
      const command = new library.ListClustersCommand({ nextToken })
      return clients.call('eks:ListClusters', region, (options) => client.send(command, options), signal)
    },
    (page) => page.nextToken,
  )
  const results: ClusterOfList[] = []
  for (const name of pages.flatMap((page) => page.clusters ?? [])) {
    const { cluster } = await clients.call(
      'eks:DescribeCluster',
      region,
      (options) => client.send(new library.DescribeClusterCommand({ name }), options),
      signal,
    )
    if (cluster === undefined) throw new CollectError('decode', `eks:DescribeCluster returned no cluster ${name}`)
    const groups = await clients.pages(
      (nextToken) => {
        const command = new library.ListNodegroupsCommand({ clusterName: name, nextToken })
        return clients.call('eks:ListNodegroups', region, (options) => client.send(command, options), signal)
      },
      (page) => page.nextToken,
    )
    const pools: ClusterOfList['pools'][number][] = []
    for (const nodegroupName of groups.flatMap((page) => page.nodegroups ?? [])) {
      const command = new library.DescribeNodegroupCommand({ clusterName: name, nodegroupName })
      const { nodegroup } = await clients.call(
        'eks:DescribeNodegroup',
        region,
        (options) => client.send(command, options),
        signal,
      )
      if (nodegroup === undefined)
        throw new CollectError('decode', `eks:DescribeNodegroup returned no group ${nodegroupName}`)
      pools.push(nodegroup)
    }
    results.push({ cluster, pools })
  }
  return mapClusters(results, region)
}

/** Buckets of all regions. */
const buckets: Read = async (clients, _, signal) => {
  const library = await import('@aws-sdk/client-s3')
  const { home } = clients
  const client = await clients.client('s3', home, (options) => Promise.resolve(new library.S3Client(options)))
  const pages = await clients.pages(
    (ContinuationToken) => {
      const command = new library.ListBucketsCommand({ MaxBuckets: 1000, ContinuationToken })
      return clients.call('s3:ListAllMyBuckets', home, (options) => client.send(command, options), signal)
    },
    (page) => page.ContinuationToken,
  )
  return mapBuckets(pages.flatMap((page) => page.Buckets ?? []))
}

export const fastLists: Readonly<Record<string, Read>> = {
  instances,
  volumes,
  addresses,
  clusters,
  'load-balancers': loadBalancers,
}
export const slowLists: Readonly<Record<string, Read>> = { snapshots, networks }
export const globalLists: Readonly<Record<string, Read>> = { buckets }
