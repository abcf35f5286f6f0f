import { useLink } from '../../../live/use-live.ts'
import { Find } from '../../../parts/graph/find.tsx'
import { scopeParts } from '../../../parts/graph/scope.ts'
import { topologyText } from '../../../parts/graph/text.ts'
import { LabelledSelect } from '../../../parts/labelled-select.tsx'
import { LoadingText } from '../../../parts/read-progress.tsx'
import { RefreshButton } from '../../../parts/states.tsx'
import { auto } from '../../../state/auto.ts'
import { generalText } from '../../../text/general.ts'
import { LiveLink } from '../live-link.tsx'
import { measureNames } from '../overview/names.ts'
import { measures } from '../overview/state.ts'
import type { FlowViewProps } from '../views.ts'
import type { GraphActs } from './acts.ts'
import { Compare } from './compare.tsx'
import { scopes } from './state.ts'
import { summaryText } from './summary-text.ts'
import type { ShownGraph } from './use-graph.ts'

type BarProps = Readonly<{ of: ShownGraph; acts: GraphActs; set: FlowViewProps['set'] }>

type SummaryBarProps = BarProps & Readonly<{ tabs: FlowViewProps['tabs']; onFound: () => void }>

export function SummaryBar({ of, acts, set, tabs, onFound }: SummaryBarProps): React.ReactNode {
  const { state, shown, answer, compared, isFetching, again } = of
  const { live, list, find, by, node: chosen } = state
  const link = useLink()
  return (
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
              acts.choose(key)
              onFound()
            }}
          />
        )}
        {!live && <RefreshButton onClick={again} />}
      </div>
    </div>
  )
}

type OptionsBarProps = BarProps & Readonly<{ chosenScope: FlowViewProps['state']['scope'] }>

export function OptionsBar({ of, acts, set, chosenScope }: OptionsBarProps): React.ReactNode {
  const { state, scope, compares } = of
  const { live, by, diff, more, list } = state
  return (
    <div className="page-line">
      <LabelledSelect
        label={topologyText.nodesAre}
        value={compares ? scope : chosenScope}
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
      <button type="button" aria-pressed={more} onClick={() => set({ more: !more })} title={topologyText.moreNodesHint}>
        {topologyText.moreNodes}
      </button>
      <div className="end">
        <button type="button" disabled={acts.steps === 0} title={topologyText.expandedNodes} onClick={acts.back}>
          {topologyText.back}
        </button>
        <button type="button" onClick={acts.relayout}>
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
  )
}
