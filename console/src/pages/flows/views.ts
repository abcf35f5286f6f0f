import { lazy, type ComponentType, type LazyExoticComponent } from 'react'
import type { PageState } from '../../state/use-page-state.ts'
import type { FlowColumn } from './columns.tsx'
import type { FlowsState, FlowView, ShownFlows } from './state.ts'

/** What each view of the page is given. */
export interface FlowViewProps {
  readonly state: ShownFlows
  readonly set: PageState<FlowsState>['set']
  /** Every column that there is, by id. */
  readonly columns: ReadonlyMap<string, FlowColumn>
  /** The tabs, which stand at the beginning of the line that says what is shown. */
  readonly tabs: React.ReactNode
}

interface FlowTab {
  readonly id: FlowView
  readonly title: string
  readonly View: LazyExoticComponent<ComponentType<FlowViewProps>>
  /** Begins to load the view, before there is what it shows. */
  readonly load: () => Promise<unknown>
}

function tab(id: FlowView, title: string, load: () => Promise<{ readonly default: ComponentType<FlowViewProps> }>): FlowTab {
  return { id, title, load, View: lazy(load) }
}

/** The tabs of the page, in their order; each is loaded when somebody looks at it. Their ids, and what a view adds to the address, stand in state.ts. */
export const flowTabs: readonly FlowTab[] = [
  tab('overview', 'Overview', () => import('./overview/index.tsx')),
  tab('table', 'Table', () => import('./table.tsx')),
  tab('topology', 'Topology', () => import('./topology/index.tsx')),
]
