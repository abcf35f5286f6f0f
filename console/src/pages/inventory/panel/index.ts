import { loadable } from '../../../hooks/use-loaded.ts'
import { inventoryFacets } from '../../../parts/cloud/requests.ts'
import { kindText } from '../../../parts/dashboards/text.ts'
import type { PanelKind } from '../../../parts/dashboards/kind.ts'

export const inventory: PanelKind = {
  ...kindText.inventory,
  views: ['resources', 'findings'],
  fieldsOf: () => ['view', 'filter', 'limit'],
  names: 'inventory',
  table: 'inventory',
  select: Object.fromEntries(inventoryFacets.map((facet) => [facet, []])),
  usual: { limit: 20 },
  body: loadable(() => import('./panel.tsx')),
}
