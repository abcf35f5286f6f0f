/** Bodies of the families `resource` (of clouds; Kubernetes has its own type) and `cost`. */

export const cloudTypes = {
  /** First complete list of a collector: `CloudBaseline`. */
  baseline: 'weir.cloud.baseline',
  /** The state of a resource without a change: after a baseline, and once a day. */
  observed: 'weir.cloud.observed',
  created: 'weir.cloud.created',
  changed: 'weir.cloud.changed',
  deleted: 'weir.cloud.deleted',
  cost: 'weir.cost',
  usage: 'weir.usage',
} as const

export const cloudProviders = ['exoscale', 'digitalocean', 'aws', 'otc'] as const
export type CloudProvider = (typeof cloudProviders)[number]

export const cloudResourceTypes = [
  'instance',
  'instance_pool',
  'kubernetes_cluster',
  'node_pool',
  'volume',
  'snapshot',
  'bucket',
  'load_balancer',
  'lb_service',
  'database',
  'dns_domain',
  'dns_record',
  'ip_address',
  'network',
  'security_group',
  'ssh_key',
  'api_key',
  'key',
  'image',
] as const
export type CloudResourceType = (typeof cloudResourceTypes)[number]

export const cloudStates = [
  'pending',
  'running',
  'stopped',
  'degraded',
  'error',
  'deleting',
  'deleted',
  'unknown',
] as const
export type CloudState = (typeof cloudStates)[number]

/**
 * One resource. The event's `key` is `provider/account/region/type/id`, its `ref` is `<provider>:` followed by the rest
 * of the key. Bytes are base units; `global` is the region of what has none.
 */
export type CloudResource = Readonly<{
  provider: CloudProvider
  account: string
  region: string
  type: CloudResourceType
  id: string
  name: string
  parent?: string
  tags?: Readonly<Record<string, string>>
  /** Tags that the settings require and the resource lacks, in the order of the settings. */
  missingTags?: readonly string[]
  state: CloudState
  /** As the provider writes it. */
  rawState?: string
  size?: string
  cpuCores?: number
  gpus?: number
  memoryBytes?: number
  diskBytes?: number
  nodes?: number
  /** RFC 3339. */
  createdAt?: string
  costPerHour?: Readonly<{ amount: string; currency: string; source: 'api' | 'pricelist' | 'config' }>
  /** Ids of resources that this one is attached to, or serves. */
  attachedTo?: readonly string[]
  addresses?: readonly string[]
  /** Redacted and bounded. */
  attributes?: Readonly<Record<string, string | number | boolean>>
}>

/** Body of `created`, `changed`, `deleted` and `observed`. */
export type CloudChange = CloudResource &
  Readonly<{
    /** [changed] Arrays are compared as sets. */
    changes?: readonly Readonly<{ path: string; from?: unknown; to?: unknown }>[]
    /** Unix ms. */
    detectedAt: number
    /** List of the resource. A new baseline of the list ends the resources that it lacks. */
    collector?: string
    collectorRegion?: string
  }>

export type CloudBaseline = Readonly<{
  provider: CloudProvider
  account: string
  region: string
  collector: string
  resources: number
}>

/**
 * A row of FOCUS 1.2: columns by their own names, decimals as strings, times as `2026-11-25T00:00:00Z`, null if absent.
 * The event's `key` is `x_RowKey`. A later row of a key replaces the earlier one; closed rows of an invoice replace the
 * estimates of its account and month.
 */
export type CostData = Readonly<Record<string, string | null | Readonly<Record<string, string>>>>
