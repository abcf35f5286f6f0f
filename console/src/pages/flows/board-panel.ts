import type { AddedPanel } from '../../parts/dashboards/adding.ts'
import { flowsText } from '../../parts/flows/text.ts'
import { generalText } from '../../text/general.ts'
import { topologyText } from '../../parts/graph/text.ts'
import type { ShownFlows } from './state.ts'

const endpoints = 'src_endpoint,dst_endpoint'

const selectOf = ({ both, once }: Pick<ShownFlows, 'both' | 'once'>) => ({
  ...(both ? { both_ways: 'true' } : {}),
  ...(once ? { reporters: 'one' } : {}),
})

/** The panel of a dashboard that shows the chart over the table. */
export function volumePanel(state: Pick<ShownFlows, 'filter' | 'both' | 'once' | 't'>): AddedPanel {
  const { filter, t } = state
  const select = selectOf(state)
  return { t, panel: { kind: 'series', title: flowsText.volumeBySource, group: 'src_endpoint', filter, select } }
}

/** The panel of a dashboard that shows the view. */
export function viewPanel(state: ShownFlows): AddedPanel {
  const { view, filter, t, group, by, dim } = state
  const select = selectOf(state)
  const common = { title: generalText.flows, filter, select }
  if (view === 'topology')
    return { t, panel: { ...common, kind: 'topology', title: topologyText.topology, by, width: 4 } }
  if (view === 'overview')
    return { t, panel: { ...common, kind: 'series', group: dim === 'auto' ? 'src_endpoint' : dim, by } }
  if (view === 'conversations') return { t, panel: { ...common, kind: 'top', group: endpoints, by: 'bytes' } }
  if (group.length > 0) return { t, panel: { ...common, kind: 'top', group: group.join(','), by, limit: 20 } }
  return { t, panel: { ...common, kind: 'table', width: 4, limit: 20 } }
}
