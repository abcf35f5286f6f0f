import { inventoryFacets } from '../../parts/cloud/requests.ts'
import { inventoryText } from '../../parts/cloud/text.ts'
import type { AddedPanel } from '../../parts/dashboards/adding.ts'
import { selectOf } from '../../parts/dashboards/select.ts'
import type { InventoryState } from './state.ts'

export function inventoryPanel(state: InventoryState, list: 'resources' | 'findings'): AddedPanel {
  const select = selectOf(Object.fromEntries(inventoryFacets.map((facet) => [facet, state[facet]])))
  const title = list === 'findings' ? inventoryText.findings : inventoryText.inventory
  const view = list === 'findings' ? list : ''
  return { panel: { kind: 'inventory', title, filter: state.q, view, select, limit: 20, width: 4 } }
}
