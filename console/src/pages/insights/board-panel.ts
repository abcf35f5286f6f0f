import type { AddedPanel } from '../../parts/dashboards/adding.ts'
import { selectOf } from '../../parts/dashboards/select.ts'
import { insightsText } from './text.ts'
import { listOf, selectionOf, type InsightsState, type InsightTab } from './state.ts'

/** `list`: undefined: the numbers by severity. */
export function insightsPanel(state: InsightsState, list: InsightTab | undefined): AddedPanel {
  const {
    filter = '',
    text = '',
    image = '',
  } = selectionOf(list === undefined ? 'problems' : listOf(list), {
    ...state,
    ...(list === undefined ? { severity: [] } : {}),
  })
  const sort = list === 'problems' && state.sort !== 'reach' ? state.sort : ''
  const select = selectOf({ text, image, sort })
  const common = { kind: 'insights' as const, filter, select, width: 4 }
  if (list === undefined) return { panel: { ...common, title: insightsText.severities } }
  return { panel: { ...common, title: insightsText[list], view: listOf(list), limit: 20 } }
}
