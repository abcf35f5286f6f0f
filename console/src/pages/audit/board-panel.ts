import { facetName } from '../../parts/audit/groupings.ts'
import { auditText } from '../../parts/audit/text.ts'
import type { AddedPanel } from '../../parts/dashboards/adding.ts'
import { selectOf } from '../../parts/dashboards/select.ts'
import { generalText } from '../../text/general.ts'
import { facets, type AuditState } from './state.ts'

const views = { 'first-seen': 'first_seen', logins: 'logins' } as const
const titles = { 'first-seen': auditText.firstOccurrences, logins: auditText.failedLogins } as const

/** `by`: of the chart; undefined: the list of the view. The graph of the activity becomes a chart of actors. */
export function tracesPanel(state: AuditState, by: string | undefined): AddedPanel {
  const { t, q: filter, view } = state
  const select = selectOf(Object.fromEntries(facets.map((facet) => [facet, state[facet]])))
  const common = { kind: 'audit' as const, title: generalText.traces, filter, select }
  if (by === undefined && view === 'graph') return tracesPanel(state, 'actor')
  if (by === undefined && view !== 'traces' && view !== 'graph')
    return { t, panel: { ...common, title: titles[view], view: views[view], width: 4 } }
  if (by === undefined) return { t, panel: { ...common, view: 'list', limit: 20, width: 4 } }
  return { t, panel: { ...common, title: auditText.over(facetName(by)), group: by } }
}
