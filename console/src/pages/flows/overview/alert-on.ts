import type { AlertOn } from '../../../parts/links/alert-link.tsx'
import { alertMeasures } from '../alert-measures.ts'
import type { FlowQuery } from './flow-query.ts'
import { panelKinds } from './kinds.ts'
import { restrictTo } from './queries.ts'
import type { Measure, PanelName } from './state.ts'

/** What an alert about a panel measures: the filter of the view, and the rows and groups of the panel. */
export function alertOn(
  name: PanelName,
  flowQuery: FlowQuery,
  { by, percentileField }: Readonly<{ by: Measure; percentileField: string }>,
): AlertOn {
  const kind = panelKinds[name]
  const { filter } = restrictTo(flowQuery, kind.family)
  if (kind.shape === 'times' || kind.shape === 'slowest') return { filter, measure: `p95(${kind.of})` }
  if (kind.shape === 'percentiles') return { filter, measure: `p95(${percentileField})` }
  const measure = alertMeasures['measure' in kind && kind.measure !== undefined ? kind.measure : by]
  return { filter, measure }
}
