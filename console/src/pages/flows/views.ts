import { useEffect, useState, type ComponentType } from 'react'
import type { PageState } from '../../state/use-page-state.ts'
import type { FlowColumn } from '../../parts/flows/columns.tsx'
import type { FlowsState, FlowView, ShownFlows } from './state.ts'
import { conversationsText } from '../../text/conversations.ts'
import { flowsText } from '../../text/flows.ts'

export type FlowViewProps = Readonly<{
  state: ShownFlows
  set: PageState<FlowsState>['set']
  columns: ReadonlyMap<string, FlowColumn>
  tabs: React.ReactNode
}>

interface FlowTab {
  readonly id: FlowView
  readonly title: string
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

/** React's `lazy` would show its fallback for at least 300 ms. Throws load errors. */
export function useFlowView(shown: FlowTab | undefined): ComponentType<FlowViewProps> | undefined {
  const [loaded, setLoaded] = useState<Readonly<{ tab?: FlowTab; error?: Error }>>({})
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

export const flowTabs: readonly FlowTab[] = [
  tab('overview', flowsText.overview, () => import('./overview/index.tsx')),
  tab('table', flowsText.table, () => import('./table.tsx')),
  tab('conversations', conversationsText.title, () => import('./conversations/index.tsx')),
  tab('topology', flowsText.topology, () => import('./topology/index.tsx')),
]
