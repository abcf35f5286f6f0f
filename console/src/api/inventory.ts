/** Responses of /api/v1/inventory. Times are ISO 8601. */
import { request, type Query } from './client.ts'

export const inventoryFacets = ['provider', 'account', 'region', 'type', 'state', 'finding'] as const
export type InventoryFacet = (typeof inventoryFacets)[number]

export type CloudRow = Readonly<{
  provider: string
  account: string
  region: string
  type: string
  id: string
  name: string
  state: string
  parent: string | null
  raw_state: string | null
  size: string | null
  cpu_cores: number | null
  gpus: number | null
  memory_bytes: number | null
  disk_bytes: number | null
  nodes: number | null
  cost_per_hour: number | null
  currency: string | null
  created: string | null
  attached_to: readonly string[]
  addresses: readonly string[]
  tags: Readonly<Record<string, string>> | null
  attributes: Readonly<Record<string, unknown>> | null
  /** detached, unused, no_targets, stopped, old_snapshot or untagged. */
  finding: string | null
  first_seen: string
  last_change: string | null
  ref: string
}>

export type CloudPage = Readonly<{
  resources: readonly CloudRow[]
  next: string | null
  at: string
  total?: number
}>

export type CloudFacets = Readonly<{
  at: string
  total: number
  costs: readonly Readonly<{ currency: string; per_hour: string }>[]
  facets: Readonly<Record<InventoryFacet, readonly Readonly<{ value: string; resources: number }>[]>>
}>

export type CloudResource = Readonly<{
  ref: string
  at: string
  /** null: it did not exist. */
  now: CloudRow | null
  changes: readonly Readonly<{
    time: string
    operation: string
    state: string | null
    changes: readonly Readonly<{ path: string; from?: unknown; to?: unknown }>[] | null
    actor: string | null
  }>[]
  relations: readonly Readonly<{ relation: string; from: string; to: string; valid_from: string }>[]
  /** null: the store has no sums of costs. */
  costs: readonly Readonly<{ currency: string; billed: string }>[] | null
  /** null: it is no node. */
  traffic: Readonly<{ node: string; sent: string; received: string }> | null
}>

export type CloudDifference = Readonly<{
  /** `found`: first listed between the times; its creation is not known. */
  kind: 'created' | 'found' | 'deleted' | 'changed'
  ref: string
  provider: string
  account: string
  region: string
  type: string
  id: string
  name: string
  state: string
  finding: string | null
  changes: readonly Readonly<{ path: string; from?: unknown; to?: unknown }>[]
}>

export type CloudDifferences = Readonly<{
  from: string
  to: string
  counts: Readonly<Record<CloudDifference['kind'], number>>
  /** Whether `resources` has fewer than all. */
  more: boolean
  resources: readonly CloudDifference[]
}>

export function readDifferences(query: Query, signal: AbortSignal): Promise<CloudDifferences> {
  return request('/api/v1/inventory/diff', { query, signal })
}

export function readInventory(query: Query, signal: AbortSignal): Promise<CloudPage> {
  return request('/api/v1/inventory', { query, signal })
}

export function readInventoryFacets(query: Query, signal: AbortSignal): Promise<CloudFacets> {
  return request('/api/v1/inventory/facets', { query, signal })
}

export function readCloudResource(ref: string, at: string, signal: AbortSignal): Promise<CloudResource> {
  return request('/api/v1/inventory/one', { query: { ref, at }, signal })
}
