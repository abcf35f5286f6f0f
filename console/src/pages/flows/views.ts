import type { ComponentType } from 'react'
import { loadable, type Loadable } from '../../hooks/use-loaded.ts'
import type { PageState } from '../../state/use-page-state.ts'
import type { FlowColumn } from '../../parts/flows/columns.tsx'
import type { FlowsState, FlowView, ShownFlows } from './state.ts'
import { conversationsText } from './conversations/text.ts'
import { flowsText } from '../../parts/flows/text.ts'

export type FlowViewProps = Readonly<{
  state: ShownFlows
  set: PageState<FlowsState>['set']
  columns: ReadonlyMap<string, FlowColumn>
  tabs: React.ReactNode
}>

interface FlowTab extends Loadable<FlowViewProps> {
  readonly id: FlowView
  readonly title: string
}

function tab(
  id: FlowView,
  title: string,
  load: () => Promise<{ readonly default: ComponentType<FlowViewProps> }>,
): FlowTab {
  return Object.assign(loadable(load), { id, title })
}

export const flowTabs: readonly FlowTab[] = [
  tab('overview', flowsText.overview, () => import('./overview/index.tsx')),
  tab('table', flowsText.table, () => import('./table.tsx')),
  tab('conversations', conversationsText.title, () => import('./conversations/index.tsx')),
  tab('topology', flowsText.topology, () => import('./topology/index.tsx')),
]
