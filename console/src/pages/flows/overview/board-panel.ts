import type { AddedPanel } from '../../../parts/dashboards/adding.ts'
import type { FlowQuery } from './flow-query.ts'
import { panelKinds } from './kinds.ts'
import { restrictTo } from './queries.ts'
import type { Measure, PanelName } from './state.ts'

type Drawn = Readonly<{ by: Measure; dim: string; percentileField: string; top: number; title: string }>

/** The panel of a dashboard that shows the same flows. Without an equal shape it lists the largest groups. */
export function boardPanel(name: PanelName, flowQuery: FlowQuery, drawn: Drawn): AddedPanel {
  const kind = panelKinds[name]
  const { title, top: limit } = drawn
  const { filter, t, both, once } = restrictTo(flowQuery, kind.family)
  const by = 'measure' in kind && kind.measure !== undefined ? kind.measure : drawn.by
  const select = { ...(both ? { both_ways: 'true' } : {}), ...(once ? { reporters: 'one' } : {}) }
  const common = { title, filter, select }
  switch (kind.shape) {
    case 'rates':
      return { t, panel: { ...common, kind: 'series', group: kind.field ?? drawn.dim, by, limit } }
    case 'times':
      return { t, panel: { ...common, kind: 'percentiles', unit: 'milliseconds', select: { ...select, of: kind.of } } }
    case 'percentiles':
      return { t, panel: { ...common, kind: 'percentiles', select: { ...select, of: drawn.percentileField } } }
    case 'pairs':
      return { t, panel: { ...common, kind: 'top', group: 'src_endpoint,dst_endpoint', by, limit } }
    case 'map':
      return { t, panel: { ...common, kind: 'top', group: 'src_country,dst_country', by, limit } }
    case 'slowest':
    case 'boundary':
      return { t, panel: { ...common, kind: 'top', group: drawn.dim, by, limit } }
    default: {
      const fields = [...('of' in kind && kind.of !== undefined ? [kind.of] : []), kind.field ?? drawn.dim]
      return { t, panel: { ...common, kind: 'top', group: fields.join(','), by, limit } }
    }
  }
}
