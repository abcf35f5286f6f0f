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
}

/** The tabs of the page, in their order; each is loaded when somebody looks at it. Their ids, and what a view adds to the address, stand in state.ts. */
export const flowTabs: readonly FlowTab[] = [
  { id: 'overview', title: 'Overview', View: lazy(() => import('./overview/index.tsx')) },
  { id: 'table', title: 'Table', View: lazy(() => import('./table.tsx')) },
  { id: 'topology', title: 'Topology', View: lazy(() => import('./topology/index.tsx')) },
]
