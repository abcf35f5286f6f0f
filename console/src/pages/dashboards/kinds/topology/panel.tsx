import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import type { FlowTopology } from '../../../../../../src/api/published.ts'
import { useFinest } from '../../../../hooks/use-finest.ts'
import { fileName } from '../../../../parts/file-name.ts'
import { andFilter } from '../../../../parts/filter-text.ts'
import { count, countedWithin } from '../../../../parts/format.ts'
import { GraphCanvas } from '../../../../parts/graph/canvas.tsx'
import { EdgeList } from '../../../../parts/graph/edge-list.tsx'
import {
  defaultLimits,
  edgeLimits,
  edgesOf,
  fitsScope,
  foldable,
  foldGraph,
  foldKey,
} from '../../../../parts/graph/fold.ts'
import type { Eye } from '../../../../parts/graph/paint.ts'
import { conditionOf, scopeParts } from '../../../../parts/graph/scope.ts'
import type { Pins } from '../../../../parts/graph/scopes.ts'
import { useLayout } from '../../../../parts/graph/use-layout.ts'
import { Loading } from '../../../../parts/states.tsx'
import { dashboardsText } from '../../text.ts'
import { panelText } from '../../../../parts/dashboards/text.ts'
import { topologyText } from '../../../../parts/graph/text.ts'
import { Answered, useFlows } from '../../../../parts/dashboards/answered.tsx'
import { rankedBy } from '../flow-fields.ts'
import type { PanelProps } from '../../../../parts/dashboards/kind.ts'

export default function TopologyPanel(props: PanelProps): React.ReactNode {
  const { panel, filter, t } = props
  const { by } = panel
  const { current: scope, settle } = useFinest(panel.scope, ['workload', 'endpoint', 'addr'], `${filter} ${t.from}`)
  const { parts } = scopeParts[scope]
  const answer = useFlows<FlowTopology>('/api/v1/topology', props, {
    scope: parts.join(','),
    ...rankedBy(by),
    limit: edgeLimits.usual,
  })
  const { data } = answer
  const [folds, setFolds] = useState<readonly string[]>([])
  const [pins, setPins] = useState<Pins>({})
  const [chosen, setChosen] = useState('')
  const [eye, setEye] = useState<Eye>()
  const [list, setList] = useState(false)
  const navigate = useNavigate()
  const graph = useMemo(
    () =>
      data === undefined || !fitsScope(data, scope)
        ? undefined
        : foldGraph(edgesOf(data, scope), scope, by, defaultLimits, folds),
    [data, scope, by, folds],
  )
  settle(graph?.nodes.length)
  const { laid, failed } = useLayout(graph, scope, by, pins, 0)
  const { title } = props
  const open = (q: string) =>
    void navigate({
      to: '/flows',
      search: { v: '1', view: 'topology', live: '0', t: `${t.from}..${t.to}`, q, by } as never,
    })
  const fold = (group: string) => {
    if (folds.includes(group)) setFolds(folds.filter((fold) => fold !== group))
    else if (foldable(graph, folds).includes(group)) {
      setFolds([...folds, group])
      setChosen(foldKey(group))
    }
  }
  const step = (index: number) => {
    const node = laid?.graph.nodes[index]
    if (node?.cells === undefined) fold(node?.group ?? '')
    else open(andFilter(filter, conditionOf(scope, node.cells)))
  }
  return (
    <Answered of={answer}>
      {() => {
        if (graph === undefined || (laid === undefined && failed === ''))
          return <Loading what={topologyText.theTopology} />
        if (graph.total.edges === 0) return <p className="dim pad">{panelText.noRows}</p>
        const isList = list || laid === undefined
        return (
          <>
            <div className="topology-panel graph">
              {isList ? (
                <EdgeList graph={graph} measure={by} onChoose={setChosen} />
              ) : (
                <GraphCanvas
                  laid={laid}
                  measure={by}
                  pins={pins}
                  chosen={chosen}
                  find=""
                  fitKey={`${scope} ${filter}`}
                  eye={eye}
                  fileName={`${fileName('topology', title)}.png`}
                  onEye={setEye}
                  onChoose={setChosen}
                  onStep={step}
                  onFold={fold}
                  onPin={(key, at) => {
                    const { [key]: _before, ...others } = pins
                    setPins(at === null ? others : { ...others, [key]: at })
                  }}
                />
              )}
            </div>
            <p className="topology-panel-foot">
              <span className="number dim">
                {dashboardsText.edgesDrawn(
                  count(graph.total.edges - graph.rest.edges),
                  countedWithin(graph.total.edges, 'edge', data?.total.edges_error),
                )}
              </span>
              <button type="button" className="quiet" aria-pressed={isList} onClick={() => setList(!list)}>
                {topologyText.list}
              </button>
              <button type="button" className="quiet" onClick={() => open(filter)}>
                {dashboardsText.openInFlows}
              </button>
            </p>
          </>
        )
      }}
    </Answered>
  )
}
