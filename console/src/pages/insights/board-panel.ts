import type { AddedPanel } from '../../parts/dashboards/adding.ts'
import { selectOf } from '../../parts/dashboards/select.ts'
import { insightsText } from './text.ts'
import type { InsightList } from './requests.ts'
import { selectionOf, type InsightsState } from './state.ts'

/** `list`: undefined: the numbers by severity. */
export function insightsPanel(state: InsightsState, list: InsightList | undefined): AddedPanel {
  const {
    filter = '',
    text = '',
    image = '',
    sort = '',
  } = selectionOf(list ?? 'problems', {
    ...state,
    ...(list === undefined ? { severity: [], sort: 'severity' as const } : {}),
  })
  const select = selectOf({ text, image, sort })
  const common = { kind: 'insights' as const, filter, select, width: 4 }
  if (list === undefined) return { panel: { ...common, title: insightsText.severities } }
  return { panel: { ...common, title: insightsText[list], view: list, limit: 20 } }
}
