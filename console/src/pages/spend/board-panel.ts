import type { AddedPanel } from '../../parts/dashboards/adding.ts'
import { selectOf } from '../../parts/dashboards/select.ts'
import { filters } from './days.ts'
import { groupNames, spanNames, spendText } from './text.ts'
import type { SpendState } from './state.ts'

/** The chart and its sum; the time range is the span of the page. */
export function spendPanel(state: SpendState): AddedPanel {
  const { span, by, tag, tags } = state
  const chosen = Object.fromEntries(filters.map((name) => [name, state[name]]))
  const select = selectOf({ ...chosen, span, tag: by === 'tag' ? tag : '', tags })
  const title = `${spendText.spend}: ${groupNames[by]}, ${spanNames[span]}`
  return { panel: { kind: 'spend', title, group: by, select, limit: 8 } }
}
