import type { CloudProvider, CloudResourceType } from './cloud.ts'

/** Columns of the view `inventory`, in both stores, with their place in the body of an event. */

export const inventoryTexts = {
  provider: 'provider',
  account: 'account',
  region: 'region',
  type: 'type',
  id: 'id',
  name: 'name',
  parent: 'parent',
  state: 'state',
  raw_state: 'rawState',
  size: 'size',
} as const

export const inventoryNumbers = {
  cpu_cores: 'cpuCores',
  gpus: 'gpus',
  memory_bytes: 'memoryBytes',
  disk_bytes: 'diskBytes',
  nodes: 'nodes',
} as const

export const inventoryLists = { attached_to: 'attachedTo', addresses: 'addresses' } as const

/** A snapshot is old after this many days. */
export const oldSnapshotDays = 90

/** Findings of one resource, the first that applies is its finding. */
export const inventoryFindings = ['detached', 'unused', 'no_targets', 'stopped', 'old_snapshot', 'untagged'] as const

/** Types with tags in their lists that attribute costs. */
export const taggedTypes: Readonly<Record<CloudProvider, readonly CloudResourceType[]>> = {
  exoscale: ['instance', 'kubernetes_cluster', 'volume', 'load_balancer'],
  digitalocean: ['instance', 'kubernetes_cluster', 'volume', 'database'],
  aws: ['instance', 'kubernetes_cluster', 'volume'],
  otc: ['instance', 'volume', 'load_balancer'],
}

/** Provider of an instance by the scheme of `spec.providerID` of a Kubernetes node. */
export const providersOfNodes = {
  exoscale: 'exoscale',
  digitalocean: 'digitalocean',
  aws: 'aws',
  openstack: 'otc',
} as const

/** Nodes of CCE may have the plain id of their server. */
export const providerWithoutScheme = 'otc'

/** Relations of the view `relations` that inventories give. */
export const inventoryRelations = ['attached-to', 'part-of', 'resolves-to', 'serves', 'hosted-on'] as const
