import { useMemo, useState } from 'react'
import { asRefused } from '../../../api/problem.ts'
import { count, counted, time, volume } from '../../../parts/format.ts'
import { ErrorState, Loading, Notice } from '../../../parts/states.tsx'
import { isMoving } from '../../../state/range.ts'
import { andFilter } from '../filter-text.ts'
import { NoFlows } from '../no-flows.tsx'
import { askedOf, useAnswer } from '../overview/ask.ts'
import { measureNames } from '../overview/names.ts'
import { measures } from '../overview/state.ts'
import type { GroupsAnswer } from '../overview/sums.ts'
import { useTurn } from '../use-turn.ts'
import type { FlowViewProps } from '../views.ts'
import { GraphCanvas } from './canvas.tsx'
import { EdgeList } from './edge-list.tsx'
import { edgesOf, foldGraph, moreLimits, usualLimits, type Graph } from './fold.ts'
import { NodePanel } from './node-panel.tsx'
import { conditionOf, groupCondition, scopeParts } from './scope.ts'
import { scopes, type Scope } from './state.ts'
import { forgetPlaces, useLayout } from './use-layout.ts'
import './topology.css'

/** Seconds between two questions while the page is live. */
const liveTurn = 5
/** Edges that are asked for: of more than are drawn, so that what is folded is known. */
const edgesAsked = { usual: 4000, more: 10_000 }

/** Who exchanges with whom, as a picture or as a list. */
export default function Topology({ state, set, tabs }: FlowViewProps): React.ReactNode {
  const { live, t, refresh, q, scope, by, more, list, node: chosen, pins } = state
  const { turn, again } = useTurn(live ? liveTurn : isMoving(t) ? refresh : 0)
  const [layoutTurn, setLayoutTurn] = useState(0)
  const [steps, setSteps] = useState(0)
  const asked = useMemo(() => askedOf(state, turn), [state, turn])
  const answer = useAnswer<GroupsAnswer>('/api/v1/topology', asked, { scope: scopeParts[scope].parts.join(','), by, limit: more ? edgesAsked.more : edgesAsked.usual })
  const { data, isError, error, isFetching, refetch } = answer
  // While another scope is asked for, the answer before has other columns.
  const fits = data?.columns[0]?.name.endsWith(`_${scopeParts[scope].parts[0] ?? ''}`) === true && data.columns.length >= 2 * scopeParts[scope].parts.length + 3 && data.columns[scopeParts[scope].parts.length]?.name.endsWith(`_${scopeParts[scope].parts[0] ?? ''}`) === true
  const graph = useMemo(() => (data === undefined || !fits ? undefined : foldGraph(edgesOf(data, scope), scope, by, more ? moreLimits : usualLimits)), [data, fits, scope, by, more])
  const { laid, failed } = useLayout(graph, scope, by, pins, layoutTurn)
  const shown = laid?.graph ?? graph
  const at = shown?.nodes.findIndex(({ key }) => key === chosen) ?? -1
  const choose = (key: string): void => { if (key !== chosen) set({ node: key }, 'replace') }
  const pin = (key: string, place: readonly [number, number] | null): void => {
    const { [key]: _before, ...others } = pins
    set({ pins: place === null ? others : { ...others, [key]: [Math.round(place[0]), Math.round(place[1])] } }, 'replace')
  }
  const into = (change: { readonly q: string; readonly scope?: Scope }): void => {
    setSteps((before) => before + 1)
    set({ ...change, node: '', pins: {} })
  }
  const step = (index: number): void => {
    const cells = shown?.nodes[index]?.cells
    if (cells !== undefined) into({ q: andFilter(q, conditionOf(scope, cells)), scope: scopeParts[scope].finer })
    else if (!more) set({ more: true })
  }
  const cellsOfGroup = shown?.nodes.find(({ group, cells }) => group === shown.nodes[at]?.group && cells !== undefined)?.cells
  const ofGroup = cellsOfGroup === undefined ? undefined : groupCondition(scope, cellsOfGroup)
  const flowsOf = (index: number): void => {
    const cells = shown?.nodes[index]?.cells
    if (cells !== undefined) set({ view: 'table', live: false, q: andFilter(q, conditionOf(scope, cells)) })
  }
  const anew = (): void => {
    forgetPlaces(scope)
    setLayoutTurn((before) => before + 1)
    set({ pins: {} }, 'replace')
  }
  return (
    <div
      className="topology"
      onKeyDown={(event) => {
        if (event.key !== 'l' || event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLSelectElement || event.target instanceof HTMLInputElement) return
        event.preventDefault()
        set({ list: !list }, 'replace')
      }}
    >
      <div className="page-line">
        {tabs}
        <span className="number overview-sum">{data !== undefined && shown !== undefined && said(shown, data)}</span>
        {isFetching && !live && <span className="dim" role="status">asking …</span>}
        <div className="end">{!live && <button type="button" onClick={again}>Ask again</button>}</div>
      </div>
      <div className="page-line">
        <label className="control">Nodes are <select value={scope} onChange={(event) => set({ scope: scopes.find((each): each is Scope => each === event.target.value) ?? scope, node: '', pins: {} })}>{scopes.map((each) => <option key={each} value={each}>{scopeParts[each].title}</option>)}</select></label>
        <label className="control">Largest by <select value={by} onChange={(event) => set({ by: measures.find((each) => each === event.target.value) ?? by })}>{measures.map((each) => <option key={each} value={each}>{measureNames[each].toLowerCase()}</option>)}</select></label>
        <button type="button" aria-pressed={more} onClick={() => set({ more: !more })} title="Up to 1,000 nodes and 5,000 edges">More nodes</button>
        <div className="end">
          <button type="button" disabled={steps === 0} title="Where you stepped in from" onClick={() => { setSteps(steps - 1); history.back() }}>Back</button>
          <button type="button" onClick={anew}>Lay out anew</button>
          <button type="button" aria-pressed={list} onClick={() => set({ list: !list }, 'replace')} title="Key L">List</button>
        </div>
      </div>
      {isError && data !== undefined && <Notice tone="bad">{asRefused(error).message} What is shown is the answer before.</Notice>}
      {failed !== '' && !list && <Notice tone="bad" onClose={() => set({ list: true }, 'replace')}>{failed} The list has the same.</Notice>}
      <div className="page-body">
        <section className="panel graph" aria-label="Topology" aria-busy={isFetching}>
          {data === undefined && isError ? <ErrorState error={error} onRetry={() => { refetch().catch(reportError) }} />
            : shown === undefined || (laid === undefined && !list) ? <Loading what="the topology" />
              : shown.total.edges === 0 ? <NoFlows filter={state.filter} {...(live ? { onStored: () => set({ live: false }) } : { range: t, onWiden: () => set({ t: { from: 'now-1w', to: 'now' } }) })} onClear={() => set({ q: '' })} />
                : list || laid === undefined ? <EdgeList graph={shown} onChoose={choose} />
                  : <GraphCanvas laid={laid} measure={by} pins={pins} chosen={chosen} fitKey={`${scope} ${state.filter} ${more} ${layoutTurn}`} onChoose={choose} onStep={step} onPin={pin} />}
        </section>
        {at >= 0 && shown !== undefined && (
          <NodePanel
            graph={shown} at={at} pinned={pins[chosen] !== undefined} onChoose={choose} onStep={() => step(at)} onGroup={ofGroup === undefined ? undefined : () => into({ q: andFilter(q, ofGroup) })} onFlows={() => flowsOf(at)}
            onPin={() => pin(chosen, pins[chosen] !== undefined || laid === undefined ? null : [laid.placed.points[2 * at] ?? 0, laid.placed.points[2 * at + 1] ?? 0])}
          />
        )}
      </div>
    </div>
  )
}

/** What is drawn and what is not: the whole truth in a line. */
function said({ nodes, rest, total }: Graph, { source, span, exact }: GroupsAnswer): string {
  const folded = nodes.filter(({ stands, cells }) => stands > 1 || cells === undefined)
  const parts = [
    `${counted(nodes.length - folded.length, 'node')}`,
    ...(folded.length === 0 ? [] : [`${count(folded.reduce((all, { stands }) => all + stands, 0))} smaller ones in ${counted(folded.length, 'box')}`]),
    `${count(total.edges - rest.edges)} of ${counted(total.edges, 'edge')}${rest.edges === 0 ? '' : ', the largest'}`,
    volume(total.bytes),
    ...(rest.edges === 0 ? [] : [`not drawn ${volume(rest.bytes)} of ${counted(rest.edges, 'edge')}`]),
    source === 'ring' ? `there is no store: of the live memory, ${time(span.from)} – ${time(span.to)}` : exact ? 'stored' : 'stored; ends may be short of what a rollup has put together',
  ]
  return parts.join(' · ').replaceAll(/\bboxs\b/g, 'boxes')
}
