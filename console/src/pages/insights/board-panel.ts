import type { AddedPanel } from '../../parts/dashboards/adding.ts'
import { selectOf } from '../../parts/dashboards/select.ts'
import { insightsText } from './text.ts'
import { selectionOf, type InsightsState, type InsightTab } from './state.ts'

/** `list`: undefined: the numbers by severity. */
export function insightsPanel(state: InsightsState, list: InsightTab | undefined): AddedPanel {
  const {
    filter = '',
    text = '',
    image = '',
  } = selectionOf(list ?? 'problems', {
    ...state,
    ...(list === undefined ? { severity: [] } : {}),
  })
  const sort = list === 'problems' && (state.sort === 'epss' || state.sort === 'priority') ? state.sort : ''
  const select = selectOf({ text, image, sort })
  const common = { kind: 'insights' as const, filter, select, width: 4 }
  if (list === undefined) return { panel: { ...common, title: insightsText.severities } }
  return { panel: { ...common, title: insightsText[list], view: list, limit: 20 } }
}
