import type { AddedPanel } from '../../parts/dashboards/adding.ts'
import { selectOf } from '../../parts/dashboards/select.ts'
import { filters } from './days.ts'
import { groupNames, spanNames, spendText, transferText } from './text.ts'
import type { SpendState } from './state.ts'

export type AddedView = 'chart' | 'table' | 'stat' | 'treemap' | 'movers' | 'outlook' | 'allocation'

const parts: Partial<Record<AddedView, string>> = {
  movers: spendText.movers,
  outlook: spendText.forecast,
  allocation: spendText.allocation,
}

/** The time range is the span of the page; a forecast is always for the current month. */
export function spendPanel(state: SpendState, view: AddedView): AddedPanel {
  const { span, by, tag, tags } = state
  const chosen = Object.fromEntries(filters.map((name) => [name, state[name]]))
  const select = selectOf({ ...chosen, span, tag: by === 'tag' ? tag : '', tags })
  const names = view === 'stat' ? [] : [parts[view] ?? groupNames[by]]
  const title = `${spendText.spend}: ${[...names, ...(view === 'outlook' ? [] : [spanNames[span]])].join(', ')}`
  return { panel: { kind: 'spend', title, group: by, view, select, limit: view === 'treemap' ? 60 : 8 } }
}

export function transfersPanel({ span, transfers }: Pick<SpendState, 'span' | 'transfers'>): AddedPanel {
  const title = `${transferText.transfers}, ${spanNames[span]}`
  return {
    panel: { kind: 'spend', title, view: 'transfers', select: selectOf({ span, transfers }), limit: 12, width: 4 },
  }
}
