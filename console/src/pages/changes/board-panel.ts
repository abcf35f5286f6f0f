import { changesText } from './text.ts'
import type { AddedPanel } from '../../parts/dashboards/adding.ts'
import { selectOf } from '../../parts/dashboards/select.ts'
import { generalText } from '../../text/general.ts'
import type { ChangesState } from './state.ts'

/** `by`: of the chart; undefined: the list. */
export function changesPanel(state: ChangesState, by: string | undefined): AddedPanel {
  const { t, q: filter, uid, operation, kind, namespace, name, actor, cluster, noise } = state
  const select = selectOf({ uid, operation, kind, namespace, name, actor, cluster, noise: noise ? 'shown' : '' })
  const common = { kind: 'changes' as const, title: generalText.changes, filter, select }
  if (by === undefined) return { t, panel: { ...common, view: 'list', limit: 20, width: 4 } }
  return { t, panel: { ...common, title: changesText.over(by), group: by } }
}
