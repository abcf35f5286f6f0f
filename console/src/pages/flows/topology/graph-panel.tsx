import { useRef } from 'react'
import { fileName } from '../../../parts/file-name.ts'
import { GraphCanvas } from '../../../parts/graph/canvas.tsx'
import { EdgeList } from '../../../parts/graph/edge-list.tsx'
import { scopeParts } from '../../../parts/graph/scope.ts'
import { topologyText } from '../../../parts/graph/text.ts'
import { ErrorState, Loading } from '../../../parts/states.tsx'
import { NoFlows } from '../no-flows.tsx'
import type { FlowViewProps } from '../views.ts'
import type { GraphActs } from './acts.ts'
import { DiffList } from './diff-list.tsx'
import { DiffLegend, GraphLegend } from './legend.tsx'
import { liveSeconds } from './live-graph.ts'
import { NodePanel } from './node-panel.tsx'
import { ThresholdSlider } from './threshold-slider.tsx'
import type { ShownGraph } from './use-graph.ts'

type GraphProps = Readonly<{ of: ShownGraph; acts: GraphActs; set: FlowViewProps['set'] }>

/** @param foundTurn increases with each search that chose a node. */
export function GraphPanel({ foundTurn, ...props }: GraphProps & { readonly foundTurn: number }): React.ReactNode {
  const { state, shown, all, compared, isFetching } = props.of
  return (
    <section className="panel graph" aria-label={topologyText.topology} aria-busy={isFetching}>
      <GraphBody {...props} foundTurn={foundTurn} />
      {shown?.earlier !== undefined && <DiffLegend graph={shown} measure={state.by} answer={compared} />}
      {shown !== undefined && all !== undefined && <Legend of={props.of} set={props.set} />}
    </section>
  )
}

function GraphBody({ of, acts, set, foundTurn }: GraphProps & { readonly foundTurn: number }) {
  const { state, scope, flowQuery, shown, laid, error, layoutTurn } = of
  const { by, more, list, node: chosen, pins, find, eye } = state
  const fittedTurn = useRef(0)
  if (shown === undefined && error !== undefined) return <ErrorState error={error} onRetry={of.retry} />
  if (shown === undefined || (laid === undefined && !list)) return <Loading what={topologyText.theTopology} />
  if (shown.total.edges === 0 && (shown.earlier?.total.edges ?? 0) === 0) return <NoFlows state={state} set={set} />
  if (list || laid === undefined)
    return shown.earlier === undefined ? (
      <EdgeList key={by} graph={shown} measure={by} onChoose={acts.choose} />
    ) : (
      <DiffList graph={shown} measure={by} onChoose={acts.choose} />
    )
  return (
    <GraphCanvas
      laid={laid}
      measure={by}
      pins={pins}
      chosen={chosen}
      find={find}
      eye={eye}
      fitKey={`${scope} ${state.filter} ${more} ${layoutTurn}`}
      fileName={`${fileName('topology', scopeParts[scope].title, flowQuery.t.from, flowQuery.t.to)}.png`}
      onEye={(next) => set({ eye: next }, 'replace')}
      onChoose={acts.choose}
      found={{ turn: foundTurn, fitted: fittedTurn }}
      onStep={acts.step}
      onFold={acts.fold}
      onPin={acts.pin}
    />
  )
}

function Legend({ of, set }: Omit<GraphProps, 'acts'>) {
  const { state, shown, all, groups, compares } = of
  const { live, by, folds, least } = state
  if (shown === undefined || all === undefined) return null
  return (
    <GraphLegend
      graph={shown}
      note={live ? topologyText.liveRange(liveSeconds) : compares ? topologyText.podsCombined : ''}
    >
      {groups.length > 0 && (
        <button
          type="button"
          aria-pressed={folds.length > 0}
          title={topologyText.foldGroupsHint}
          onClick={() => set({ folds: folds.length > 0 ? [] : groups, node: '', eye: undefined }, 'replace')}
        >
          {topologyText.foldGroups}
        </button>
      )}
      <ThresholdSlider
        graph={all}
        measure={by}
        position={least}
        onChange={(position) => set({ least: position }, 'replace')}
      />
    </GraphLegend>
  )
}

export function ChosenNode({ of, acts }: Omit<GraphProps, 'set'>): React.ReactNode {
  const { state, shown, laid, groups } = of
  const { by, node: chosen, pins, folds } = state
  const at = shown?.nodes.findIndex(({ key }) => key === chosen) ?? -1
  if (at < 0 || shown === undefined) return null
  const group = shown.nodes[at]?.group ?? ''
  const isPinned = pins[chosen] !== undefined
  return (
    <NodePanel
      graph={shown}
      measure={by}
      at={at}
      pinned={isPinned}
      onChoose={acts.choose}
      onStep={() => acts.step(at)}
      onGroup={acts.onlyGroupOf(at)}
      fold={
        folds.includes(group) || groups.includes(group)
          ? { folded: folds.includes(group), turn: () => acts.fold(group) }
          : undefined
      }
      onFlows={() => acts.showFlowsOf(at)}
      onPin={() =>
        acts.pin(
          chosen,
          isPinned || laid === undefined
            ? null
            : [laid.placed.points[2 * at] ?? 0, laid.placed.points[2 * at + 1] ?? 0],
        )
      }
    />
  )
}
