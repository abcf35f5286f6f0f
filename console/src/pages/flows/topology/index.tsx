import { useMemo, useRef, useState } from 'react'
import { asApiError } from '../../../api/problem.ts'
import { useLink } from '../../../live/use-live.ts'
import { LoadingText } from '../../../parts/read-progress.tsx'
import { fileName } from '../../../parts/file-name.ts'
import { LabelledSelect } from '../../../parts/labelled-select.tsx'
import { ErrorState, Loading, Notice, RefreshButton } from '../../../parts/states.tsx'
import { usePageKeys } from '../../../state/keys.ts'
import { isMoving } from '../../../state/range.ts'
import { andFilter } from '../../../parts/filter-text.ts'
import { NoFlows } from '../no-flows.tsx'
import { flowQueryOf } from '../overview/flow-query.ts'
import { measureNames } from '../overview/names.ts'
import { measures } from '../overview/state.ts'
import { useRefresh } from '../../../hooks/use-refresh.ts'
import type { FlowViewProps } from '../views.ts'
import { GraphCanvas } from '../../../parts/graph/canvas.tsx'
import { Compare } from './compare.tsx'
import { DiffList } from './diff-list.tsx'
import { EdgeList } from '../../../parts/graph/edge-list.tsx'
import { Find } from '../../../parts/graph/find.tsx'
import { foldable, foldGraph, foldKey, moreLimits, defaultLimits } from '../../../parts/graph/fold.ts'
import { DiffLegend, GraphLegend } from './legend.tsx'
import { liveSeconds } from './live-graph.ts'
import { NodePanel } from './node-panel.tsx'
import { summaryText } from './summary-text.ts'
import { comparedScope, conditionOf, groupCondition, scopeParts } from '../../../parts/graph/scope.ts'
import { scopes, type Scope } from './state.ts'
import { useFinest } from '../../../hooks/use-finest.ts'
import { auto } from '../../../state/auto.ts'
import { aboveThreshold } from './threshold.ts'
import { ThresholdSlider } from './threshold-slider.tsx'
import { forgetPlaces, useLayout } from '../../../parts/graph/use-layout.ts'
import { useTopology } from './use-topology.ts'
import './topology.css'
import { topologyText } from '../../../parts/graph/text.ts'
import { generalText } from '../../../text/general.ts'
import { LiveLink } from '../live-link.tsx'

export default function Topology({ state: whole, set, tabs }: FlowViewProps): React.ReactNode {
  const compares = whole.diff !== '' && !whole.live
  const { current, settle } = useFinest(whole.scope, ['workload', 'endpoint', 'addr'], `${whole.q} ${whole.t.from}`)
  const scope = compares ? comparedScope(current) : current
  const state = useMemo(() => ({ ...whole, scope }), [whole, scope])
  const { live, t, refresh, q, by, more, list, node: chosen, pins, diff, find, eye, folds, least } = state
  const { revision, again } = useRefresh(!live && isMoving(t) ? refresh : 0)
  const [layoutTurn, setLayoutTurn] = useState(0)
  const [steps, setSteps] = useState(0)
  const [foundTurn, setFoundTurn] = useState(0)
  const fittedTurn = useRef(0)
  const link = useLink()
  const flowQuery = useMemo(() => flowQueryOf(state, revision), [state, revision])
  const { edges, answer, diff: compared, error, isFetching, again: retry } = useTopology(state, flowQuery)
  const all = useMemo(
    () => (edges === undefined ? undefined : foldGraph(edges, scope, by, more ? moreLimits : defaultLimits, folds)),
    [edges, scope, by, more, folds],
  )
  settle(all?.nodes.length)
  const graph = useMemo(() => (all === undefined ? undefined : aboveThreshold(all, by, least)), [all, by, least])
  const { laid, failed } = useLayout(graph, scope, by, pins, layoutTurn)
  const shown = laid?.graph ?? graph
  const at = shown?.nodes.findIndex(({ key }) => key === chosen) ?? -1
  const choose = (key: string) => {
    if (key !== chosen) set({ node: key }, 'replace')
  }
  const pin = (key: string, point: readonly [number, number] | null) => {
    const { [key]: _before, ...others } = pins
    set(
      { pins: point === null ? others : { ...others, [key]: [Math.round(point[0]), Math.round(point[1])] } },
      'replace',
    )
  }
  const into = (change: Readonly<{ q: string; scope?: Scope }>) => {
    setSteps((before) => before + 1)
    set({ ...change, node: '', pins: {}, eye: undefined })
  }
  const step = (index: number) => {
    const cells = shown?.nodes[index]?.cells
    const group = shown?.nodes[index]?.group ?? ''
    if (cells !== undefined) into({ q: andFilter(q, conditionOf(scope, cells)), scope: scopeParts[scope].finer })
    else if (folds.includes(group)) fold(group)
    else if (!more) set({ more: true })
  }
  const groups = useMemo(() => foldable(all, folds), [all, folds])
  const fold = (group: string) => {
    if (folds.includes(group)) set({ folds: folds.filter((fold) => fold !== group), node: '' }, 'replace')
    else if (groups.includes(group)) set({ folds: [...folds, group], node: foldKey(group) }, 'replace')
  }
  const cellsOfGroup = shown?.nodes.find(
    ({ group, cells }) => group === shown.nodes[at]?.group && cells !== undefined,
  )?.cells
  const groupOfChosen = shown?.nodes[at]?.group ?? ''
  const ofGroup = cellsOfGroup === undefined ? undefined : groupCondition(scope, cellsOfGroup)
  const flowsOf = (index: number) => {
    const cells = shown?.nodes[index]?.cells
    if (cells !== undefined) set({ view: 'table', live: false, q: andFilter(q, conditionOf(scope, cells)) })
  }
  const relayout = () => {
    forgetPlaces(scope)
    setLayoutTurn((before) => before + 1)
    set({ pins: {}, eye: undefined }, 'replace')
  }
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
      <div className="page-line">
        {tabs}
        {live && <LiveLink state={link.state} />}
        <span className="number overview-sum">{shown !== undefined && summaryText(shown, by, answer, compared)}</span>
        {isFetching && !live && (
          <span className="dim" role="status">
            <LoadingText />
          </span>
        )}
        <div className="end">
          {shown !== undefined && !list && (
            <Find
              graph={shown}
              text={find}
              chosen={chosen}
              onText={(text) => set({ find: text }, 'replace')}
              onFound={(key) => {
                choose(key)
                setFoundTurn((before) => before + 1)
              }}
            />
          )}
          {!live && <RefreshButton onClick={again} />}
        </div>
      </div>
      <div className="page-line">
        <LabelledSelect
          label={topologyText.nodesAre}
          value={compares ? scope : whole.scope}
          values={[auto, ...scopes]}
          title={compares ? topologyText.podsCombined : undefined}
          textOf={(part) => (part === auto ? generalText.automatic(scopeParts[scope].title) : scopeParts[part].title)}
          onChange={(chosen) => set({ scope: chosen, node: '', pins: {}, eye: undefined, folds: [] })}
        />
        <LabelledSelect
          label={topologyText.rankBy}
          value={by}
          values={measures}
          textOf={(measure) => measureNames[measure].toLowerCase()}
          onChange={(chosen) => set({ by: chosen })}
        />
        <Compare key={diff} diff={diff} disabled={live} onChange={(next) => set({ diff: next })} />
        <button
          type="button"
          aria-pressed={more}
          onClick={() => set({ more: !more })}
          title={topologyText.moreNodesHint}
        >
          {topologyText.moreNodes}
        </button>
        <div className="end">
          <button
            type="button"
            disabled={steps === 0}
            title={topologyText.expandedNodes}
            onClick={() => {
              setSteps(steps - 1)
              history.back()
            }}
          >
            {topologyText.back}
          </button>
          <button type="button" onClick={relayout}>
            {topologyText.reRunLayout}
          </button>
          <button
            type="button"
            aria-pressed={list}
            onClick={() => set({ list: !list }, 'replace')}
            title={topologyText.keyL}
          >
            {topologyText.list}
          </button>
        </div>
      </div>
      {error !== undefined && shown !== undefined && (
        <Notice tone="bad">{topologyText.failedShowingPrevious(asApiError(error).message)}</Notice>
      )}
      {failed !== '' && !list && (
        <Notice tone="bad" onClose={() => set({ list: true }, 'replace')}>
          {topologyText.listHasSame(failed)}
        </Notice>
      )}
      <div className="page-body">
        <section className="panel graph" aria-label={topologyText.topology} aria-busy={isFetching}>
          {shown === undefined && error !== undefined ? (
            <ErrorState error={error} onRetry={retry} />
          ) : shown === undefined || (laid === undefined && !list) ? (
            <Loading what={topologyText.theTopology} />
          ) : shown.total.edges === 0 && (shown.earlier?.total.edges ?? 0) === 0 ? (
            <NoFlows state={state} set={set} />
          ) : list || laid === undefined ? (
            shown.earlier === undefined ? (
              <EdgeList key={by} graph={shown} measure={by} onChoose={choose} />
            ) : (
              <DiffList graph={shown} measure={by} onChoose={choose} />
            )
          ) : (
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
              onChoose={choose}
              found={{ turn: foundTurn, fitted: fittedTurn }}
              onStep={step}
              onFold={fold}
              onPin={pin}
            />
          )}
          {shown?.earlier !== undefined && <DiffLegend graph={shown} measure={by} answer={compared} />}
          {shown !== undefined && all !== undefined && (
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
          )}
        </section>
        {at >= 0 && shown !== undefined && (
          <NodePanel
            graph={shown}
            measure={by}
            at={at}
            pinned={pins[chosen] !== undefined}
            onChoose={choose}
            onStep={() => step(at)}
            onGroup={ofGroup === undefined ? undefined : () => into({ q: andFilter(q, ofGroup) })}
            fold={
              folds.includes(groupOfChosen) || groups.includes(groupOfChosen)
                ? { folded: folds.includes(groupOfChosen), turn: () => fold(groupOfChosen) }
                : undefined
            }
            onFlows={() => flowsOf(at)}
            onPin={() =>
              pin(
                chosen,
                pins[chosen] !== undefined || laid === undefined
                  ? null
                  : [laid.placed.points[2 * at] ?? 0, laid.placed.points[2 * at + 1] ?? 0],
              )
            }
          />
        )}
      </div>
    </div>
  )
}
