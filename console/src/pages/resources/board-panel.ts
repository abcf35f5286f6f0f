import type { AddedPanel } from '../../parts/dashboards/adding.ts'
import { selectOf } from '../../parts/dashboards/select.ts'
import { filterOf } from './queries.ts'
import type { ResourcesState } from './state.ts'
import { resourcesText } from './text.ts'

/** A panel shows the end of its time range; `at` of the page is not in it. */
export function resourcesPanel(state: ResourcesState): AddedPanel {
  const { kind, namespace } = state
  const select = selectOf({ kind, namespace })
  return {
    panel: { kind: 'resources', title: resourcesText.resources, filter: filterOf(state), select, limit: 20, width: 4 },
  }
}
