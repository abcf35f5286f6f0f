import type { AddedPanel } from '../../parts/dashboards/adding.ts'
import { selectOf } from '../../parts/dashboards/select.ts'
import { filters } from './days.ts'
import { groupNames, spanNames, spendText } from './text.ts'
import type { SpendState } from './state.ts'

/** The time range is the span of the page. */
export function spendPanel(state: SpendState, view: 'chart' | 'table' | 'stat'): AddedPanel {
  const { span, by, tag, tags } = state
  const chosen = Object.fromEntries(filters.map((name) => [name, state[name]]))
  const select = selectOf({ ...chosen, span, tag: by === 'tag' ? tag : '', tags })
  const of = view === 'stat' ? '' : `${groupNames[by]}, `
  const title = `${spendText.spend}: ${of}${spanNames[span]}`
  return { panel: { kind: 'spend', title, group: by, view, select, limit: 8 } }
}
