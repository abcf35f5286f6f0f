import type { SavedView } from '../../../../src/api/published.ts'
import { readSearch } from '../../state/codec.ts'
import { readDashboard, writeDashboard, type Dashboard } from './definition.ts'

export type StoredDashboard = Readonly<{ view: SavedView; dashboard: Dashboard; t: string }>

/** Undefined: the view is of another page, or its dashboard is not readable. */
export function savedDashboard(view: SavedView): StoredDashboard | undefined {
  if (view.page !== '/dashboards') return undefined
  const { d, t = '' } = readSearch(view.search)
  if (d === undefined) return undefined
  try {
    return { view, dashboard: readDashboard(d), t }
  } catch {
    return undefined
  }
}

/** The query string of a view with another dashboard, or of a new one. */
export function searchOf(dashboard: Dashboard, search: string, t = ''): string {
  const written = new URLSearchParams(search)
  written.set('v', '1')
  written.set('d', writeDashboard(dashboard))
  if (t !== '') written.set('t', t)
  return `?${written.toString()}`
}
