import './port-values.ts'
import { useMemo } from 'react'
import { LoadingText } from '../../../parts/read-progress.tsx'
import { count, volume } from '../../../parts/format.ts'
import { packetsPart } from '../../../parts/packet-count.ts'
import { isMoving } from '../../../state/range.ts'
import { useLink } from '../../../live/use-live.ts'
import { RefreshButton } from '../../../parts/states.tsx'
import { NoFlows } from '../no-flows.tsx'
import { sourceText } from '../source-text.ts'
import { useFinest } from '../../../hooks/use-finest.ts'
import { useRefresh } from '../../../hooks/use-refresh.ts'
import type { FlowViewProps } from '../views.ts'
import { flowQueryOf } from './flow-query.ts'
import { otherEnd, spanSeconds, useGroups, valuesOf } from './queries.ts'
import { Controls } from './controls.tsx'
import { FoldedPanels } from './folded.tsx'
import { panelKinds } from './kinds.ts'
import { useLiveSeries } from './live.ts'
import { SlottedPanel, type PanelFrame } from './slotted-panel.tsx'
import { defaultLook, type Measure, type PanelName } from './state.ts'
import './overview.css'
import { panelsText } from './text.ts'
import { useFamilies } from './use-families.ts'
import { useOrder } from './use-order.ts'
import { useMe } from '../../../api/queries.ts'
import { useAlertMarks } from '../alert-marks.ts'
import { useFlowMarks } from '../marks.ts'
import { LiveLink } from '../live-link.tsx'

const liveRefresh = 5
const liveMarksMs = 10_000
const protocols = ['proto']
const candidates = ['src_endpoint', 'dst_endpoint', 'service_port', 'proto'] as const

export default function Overview({ state, set, tabs }: FlowViewProps): React.ReactNode {
  const { live, t, refresh, by, before, panels, focus, looks, q } = state
  const { revision, again } = useRefresh(live ? liveRefresh : isMoving(t) ? refresh : 0)
  const flowQuery = useMemo(() => flowQueryOf(state, revision), [state, revision])
  const { current: dim, settle } = useFinest(state.dim, candidates, `${q} ${t.from} ${t.to}`)
  const pairsLook = looks.pairs ?? defaultLook
  const opposite = panels.includes('pairs') && !pairsLook.latest ? otherEnd(dim) : undefined
  const besideOf = (measure: Measure, top: number) => (measure === by && top === pairsLook.top ? opposite : undefined)
  const largest = useGroups(flowQuery, [dim], by, defaultLook.top, besideOf(by, defaultLook.top))
  settle(largest.data === undefined || largest.isPlaceholderData ? undefined : valuesOf(largest.data))
  const all = useGroups(flowQuery, protocols, by, (looks.protocols ?? defaultLook).top)
  const stream = useLiveSeries(live ? state : undefined, dim, spanSeconds(flowQuery.t))
  const link = useLink()
  const { ready, isQuiet, othersAnswered } = useOrder(flowQuery, all, focus)
  const marks = useFlowMarks(
    state,
    set,
    flowQuery.t,
    othersAnswered ? all.data?.source : undefined,
    live ? liveMarksMs : 0,
  )
  const alerts = useAlertMarks(flowQuery.filter, flowQuery.t, { enabled: marks.marksShown && othersAnswered })
  const mayAlert = useMe().data?.role === 'admin'
  const has = useFamilies(flowQuery, panels, { ready })
  const shown = panels.filter((name) => has[panelKinds[name].family] === true)
  const folded = panels.filter((name) => has[panelKinds[name].family] === false)
  const sums = all.data?.total
  const empty = sums !== undefined && Number(sums.flows) === 0 && (live || before === '')
  const frame = { state, set, flowQuery, dim, besideOf, live: stream, othersAnswered, marks, alerts, mayAlert }
  return (
    <>
      <div className="page-line">
        {tabs}
        {live && <LiveLink state={link.state} />}
        <span className="number overview-sum">
          {sums !== undefined &&
            all.data !== undefined &&
            panelsText.totals(count(sums.flows), volume(Number(sums.bytes)), packetsPart(sums), sourceText(all.data))}
        </span>
        {!isQuiet && !live && (
          <span className="dim asking" role="status">
            <LoadingText />
          </span>
        )}
        <div className="end">{!live && <RefreshButton onClick={again} />}</div>
      </div>
      <div className="page-line">
        <Controls state={state} dim={dim} set={set} />
      </div>
      {empty ? (
        <div className="page-scroll overview">
          <section className="panel">
            <NoFlows state={state} set={set} />
          </section>
        </div>
      ) : focus !== '' ? (
        <FocusedPanel focus={focus} shown={shown} folded={folded} frame={frame} />
      ) : (
        <div className="page-scroll overview">
          {shown.map((name) => (
            <SlottedPanel key={name} name={name} size="usual" frame={frame} />
          ))}
          {folded.length > 0 && <FoldedPanels panels={folded} alone={folded.length === panels.length} />}
        </div>
      )}
    </>
  )
}

type FocusedPanelProps = Readonly<{
  focus: PanelName
  shown: readonly PanelName[]
  folded: readonly PanelName[]
  frame: PanelFrame
}>

/** One large panel, and the others small beside it. */
function FocusedPanel({ focus, shown, folded, frame }: FocusedPanelProps) {
  return (
    <div className="page-scroll overview-focus">
      <div className="focus-main">
        {shown.includes(focus) ? (
          <SlottedPanel key={focus} name={focus} size="large" frame={frame} />
        ) : (
          folded.includes(focus) && <FoldedPanels panels={[focus]} alone />
        )}
      </div>
      <div className="focus-strip" role="group" aria-label={panelsText.otherPanels}>
        {shown
          .filter((name) => name !== focus)
          .map((name) => (
            <div key={name} className="strip-panel">
              <div inert>
                <SlottedPanel key={name} name={name} size="small" frame={frame} />
              </div>
              <button type="button" className="strip-open" onClick={() => frame.set({ focus: name })}>
                <span className="spoken">{panelsText.enlarged(panelKinds[name].title)}</span>
              </button>
            </div>
          ))}
      </div>
    </div>
  )
}
