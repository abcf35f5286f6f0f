import type {
  InventoryDiff as CloudDifferences,
  InventoryFacets as CloudFacets,
  InventoryPage as CloudPage,
  InventoryResource as CloudResource,
  FacetName as InventoryFacet,
} from '../../../../src/topics/inventory/schema.ts'
import { request, type Query } from '../../api/client.ts'

export type { CloudDifferences, CloudFacets, CloudPage, CloudResource, InventoryFacet }
export type {
  Difference as CloudDifference,
  InventoryRow as CloudRow,
} from '../../../../src/topics/inventory/schema.ts'

export const inventoryFacets = [
  'provider',
  'account',
  'region',
  'type',
  'state',
  'finding',
] as const satisfies readonly InventoryFacet[]

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
