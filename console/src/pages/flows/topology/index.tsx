import { useMemo, useState } from 'react'
import { asApiError } from '../../../api/problem.ts'
import { Notice } from '../../../parts/states.tsx'
import { usePageKeys } from '../../../state/keys.ts'
import type { FlowViewProps } from '../views.ts'
import { useGraphActs } from './acts.ts'
import { OptionsBar, SummaryBar } from './bars.tsx'
import { ChosenNode, GraphPanel } from './graph-panel.tsx'
import { useGraph } from './use-graph.ts'
import './topology.css'
import { topologyText } from '../../../parts/graph/text.ts'

export default function Topology({ state: whole, set, tabs }: FlowViewProps): React.ReactNode {
  const graph = useGraph(whole)
  const acts = useGraphActs(graph, set)
  const [foundTurn, setFoundTurn] = useState(0)
  const { shown, error, failed } = graph
  const { list } = whole
  usePageKeys(
    topologyText.inTheTopology,
    useMemo(
      () => [
        {
          keys: ['l'],
          does: list ? topologyText.showTheGraph : topologyText.showTheList,
          run: () => set({ list: !list }, 'replace'),
        },
      ],
      [list, set],
    ),
  )
  return (
    <div className="topology">
      <SummaryBar of={graph} acts={acts} set={set} tabs={tabs} onFound={() => setFoundTurn((before) => before + 1)} />
      <OptionsBar of={graph} acts={acts} set={set} chosenScope={whole.scope} />
      {error !== undefined && shown !== undefined && (
        <Notice tone="bad">{topologyText.failedShowingPrevious(asApiError(error).message)}</Notice>
      )}
      {failed !== '' && !list && (
        <Notice tone="bad" onClose={() => set({ list: true }, 'replace')}>
          {topologyText.listHasSame(failed)}
        </Notice>
      )}
      <div className="page-body">
        <GraphPanel of={graph} acts={acts} set={set} foundTurn={foundTurn} />
        <ChosenNode of={graph} acts={acts} />
      </div>
    </div>
  )
}
