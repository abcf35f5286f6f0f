import type { AddedPanel } from '../../parts/dashboards/adding.ts'
import { selectOf } from '../../parts/dashboards/select.ts'
import { eventsText } from '../../parts/events/text.ts'
import { filterOf, newestFirst, type EventsState } from './state.ts'

/** `by`: of the chart; undefined: the list. */
export function eventsPanel(state: EventsState, by: string | undefined): AddedPanel {
  const { t, list, cols, sort } = state
  const title = eventsText.lists[list]
  const common = { kind: 'events' as const, filter: filterOf(state) }
  if (by !== undefined) return { t, panel: { ...common, title: eventsText.over(title, by), group: by } }
  const select = selectOf({ list: list === 'events' ? '' : list, cols, sort: sort === newestFirst ? '' : sort })
  return { t, panel: { ...common, title, view: 'list', select, limit: 20, width: 4 } }
}
