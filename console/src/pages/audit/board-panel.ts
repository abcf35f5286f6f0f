import { auditText } from '../../parts/audit/text.ts'
import type { AddedPanel } from '../../parts/dashboards/adding.ts'
import { selectOf } from '../../parts/dashboards/select.ts'
import { generalText } from '../../text/general.ts'
import { facets, type AuditState } from './state.ts'

/** `by`: of the chart; undefined: the list. */
export function tracesPanel(state: AuditState, by: string | undefined): AddedPanel {
  const { t, q: filter } = state
  const select = selectOf(Object.fromEntries(facets.map((facet) => [facet, state[facet]])))
  const common = { kind: 'audit' as const, title: generalText.traces, filter, select }
  if (by === undefined) return { t, panel: { ...common, view: 'list', limit: 20, width: 4 } }
  return { t, panel: { ...common, title: auditText.over(by), group: by } }
}
