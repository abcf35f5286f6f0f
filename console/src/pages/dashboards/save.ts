import { noteOpened, save, useSaved } from '../../app/saved.ts'
import type { StoredDashboard } from '../../parts/dashboards/saved.ts'
import { writeSearch } from '../../state/codec.ts'
import { dashboardsCodec, maxUrl, type DashboardsState } from './state.ts'
import { dashboardsText } from './text.ts'

type Change = (changed: Partial<DashboardsState>, how?: 'replace') => void

/**
 * Replaces the own view that the dashboard was opened from, or creates one. Resolves with its name, and rejects with
 * status 409 if another version was saved since.
 */
export function useSave(
  state: DashboardsState,
  stored: StoredDashboard | undefined,
  set: Change,
): () => Promise<string> {
  const { data: views = [] } = useSaved()
  return async () => {
    const search = writeSearch(dashboardsCodec.encode({ ...state, id: '', was: '', edit: false }))
    const own = stored?.view.owned === true ? stored.view : undefined
    const names = views.filter(({ owned }) => owned).map(({ name }) => name)
    const view =
      own === undefined
        ? { name: freeName(state.d.title, names), page: '/dashboards', search, shared: false }
        : { ...own, search, changed: state.was === '' ? own.changed : state.was }
    const saved = await save(view)
    noteOpened(saved)
    set({ ...opened(state.d, search), id: saved.id, was: saved.changed, edit: false }, 'replace')
    return saved.name
  }
}

/** A long dashboard is opened by the ID of its view, so that the page can be reloaded. */
export function opened(d: DashboardsState['d'], search: string): Pick<DashboardsState, 'd'> {
  return { d: search.length > maxUrl - location.origin.length - 200 ? dashboardsCodec.usual.d : d }
}

function freeName(title: string, names: readonly string[]): string {
  if (title !== '' && !names.includes(title)) return title
  for (let number = title === '' ? 1 : 2; ; number++) {
    const name = title === '' ? dashboardsText.numbered(number) : `${title} ${number}`
    if (!names.includes(name)) return name
  }
}
