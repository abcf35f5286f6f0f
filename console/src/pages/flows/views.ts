import { useEffect, useState, type ComponentType } from 'react'
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
  /** Once it was loaded. */
  view?: ComponentType<FlowViewProps>
  readonly load: () => Promise<ComponentType<FlowViewProps>>
}

function tab(
  id: FlowView,
  title: string,
  load: () => Promise<{ readonly default: ComponentType<FlowViewProps> }>,
): FlowTab {
  const made: FlowTab = { id, title, load: async () => (made.view ??= (await load()).default) }
  return made
}

/**
 * The view of a tab, loaded beside whatever else the page waits for; undefined until then. Not with React's own `lazy`, which keeps what it
 * shows meanwhile for a third of a second, however soon the view is there. Throws what goes wrong, for the page to show.
 */
export function useFlowView(shown: FlowTab | undefined): ComponentType<FlowViewProps> | undefined {
  const [loaded, setLoaded] = useState<{ readonly tab?: FlowTab; readonly error?: Error }>({})
  useEffect(() => {
    let gone = false
    if (shown?.view === undefined)
      shown?.load().then(
        () => {
          if (!gone) setLoaded({ tab: shown })
        },
        (error: unknown) => {
          if (!gone) setLoaded({ tab: shown, error: error instanceof Error ? error : new Error(String(error)) })
        },
      )
    return () => {
      gone = true
    }
  }, [shown])
  if (loaded.tab === shown && loaded.error !== undefined) throw loaded.error
  return shown?.view
}

/** The tabs of the page, in their order; each is loaded when somebody looks at it. Their ids, and what a view adds to the address, stand in state.ts. */
export const flowTabs: readonly FlowTab[] = [
  tab('overview', 'Overview', () => import('./overview/index.tsx')),
  tab('table', 'Table', () => import('./table.tsx')),
  tab('topology', 'Topology', () => import('./topology/index.tsx')),
]
