import type { FastifyInstance } from 'fastify'
import { inventory, inventoryDiff, inventoryFacets, inventoryResource } from '../../topics/inventory/index.ts'
import type { ApiContext } from '../options.ts'
import { serve } from '../serve.ts'

export const inventorySchemas = {
  InventoryPage: inventory.result,
  InventoryFacets: inventoryFacets.result,
  InventoryResource: inventoryResource.result,
  InventoryDiff: inventoryDiff.result,
} as const

export function inventoryRoutes(app: FastifyInstance, context: ApiContext): void {
  serve(app, { context, url: '/api/v1/inventory' }, inventory)
  serve(app, { context, url: '/api/v1/inventory/facets' }, inventoryFacets)
  serve(app, { context, url: '/api/v1/inventory/one' }, inventoryResource)
  serve(app, { context, url: '/api/v1/inventory/diff' }, inventoryDiff)
}
