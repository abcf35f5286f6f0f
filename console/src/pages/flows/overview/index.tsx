import './port-values.ts'
import { useEffect, useMemo, useState } from 'react'
import { LoadingText } from '../../../parts/read-progress.tsx'
import { count, isoOfSeconds, volume } from '../../../parts/format.ts'
import { isMoving } from '../../../state/range.ts'
import { useLink } from '../../../live/use-live.ts'
import { andFilter } from '../../../parts/filter-text.ts'
import { RefreshButton } from '../../../parts/states.tsx'
import { NoFlows } from '../no-flows.tsx'
import { sourceText } from '../source-text.ts'
import { useFinest } from '../../../hooks/use-finest.ts'
import { useRefresh } from '../../../hooks/use-refresh.ts'
import type { FlowViewProps } from '../views.ts'
import { flowQueryOf } from './flow-query.ts'
import { aboutOf, otherEnd, spanSeconds, useGroups, useHas, useIsQuiet, valuesOf } from './queries.ts'
import { conditionOf } from '../../../parts/endpoint-condition.ts'
import { alertOn } from './alert-on.ts'
import { boardPanel } from './board-panel.ts'
import { Controls } from './controls.tsx'
import { FoldedPanels } from './folded.tsx'
import type { Family } from './families.ts'
import { panelKinds } from './kinds.ts'
import { SlowestPanel, TimesPanel } from './latency.tsx'
import { BoundaryPanel } from './boundary.tsx'
import { useLiveSeries } from './live.ts'
import { MapPanel } from './map.tsx'
import { PanelMenu } from './panel-menu.tsx'
import { PercentilesPanel } from './percentiles.tsx'
import { PairsPanel, RatesPanel, SharesPanel, type PanelContext, type PanelSize } from './panels.tsx'
import { Slot } from './slot.tsx'
import { defaultLook, type Measure, type PanelName } from './state.ts'
import './overview.css'
import { panelsText } from './text.ts'
import { useMe } from '../../../api/queries.ts'
import { useAlertMarks } from '../alert-marks.ts'
import { useFlowMarks } from '../marks.ts'
import { LiveLink } from '../live-link.tsx'

const liveRefresh = 5
const liveMarksMs = 10_000
const pauseMs = 50
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
  const stream = useLiveSeries(live, state, dim, spanSeconds(flowQuery.t))
  const link = useLink()
  const [ready, setReady] = useState(focus !== '')
  const [answered, setAnswered] = useState('')
  const about = aboutOf(flowQuery)
  const isQuiet = useIsQuiet()
  const isSettled = all.isError || (all.data !== undefined && !all.isPlaceholderData)
  useEffect(() => {
    if (!isQuiet || !isSettled) return undefined
    if (answered !== about) setAnswered(about)
    // Pairs start now, so the page is not quiet then.
    const timer = setTimeout(() => setReady(true), pauseMs)
    return () => clearTimeout(timer)
  }, [isQuiet, isSettled, answered, about])
  const othersAnswered = answered === about
  const marks = useFlowMarks(
    state,
    set,
    flowQuery.t,
    othersAnswered ? all.data?.source : undefined,
    live ? liveMarksMs : 0,
  )
  const alerts = useAlertMarks(flowQuery.filter, flowQuery.t, marks.marksShown && othersAnswered)
  const mayAlert = useMe().data?.role === 'admin'
  const wants = (family: Family) => panels.some((name) => panelKinds[name].family === family)
  const has: Readonly<Record<Family, boolean | undefined>> = {
    flows: true,
    drops: useHas(flowQuery, 'drops', ready && wants('drops')),
    dns: useHas(flowQuery, 'dns', ready && wants('dns')),
    rtt: useHas(flowQuery, 'rtt', ready && wants('rtt')),
    tls: useHas(flowQuery, 'tls', ready && wants('tls')),
    events: useHas(flowQuery, 'events', ready && wants('events')),
    ipsec: useHas(flowQuery, 'ipsec', ready && wants('ipsec')),
    as: useHas(flowQuery, 'as', ready && wants('as')),
    country: useHas(flowQuery, 'country', ready && wants('country')),
    interface: useHas(flowQuery, 'interface', ready && wants('interface')),
    firewall: useHas(flowQuery, 'firewall', ready && wants('firewall')),
    denied: useHas(flowQuery, 'denied', ready && wants('denied')),
    nat: useHas(flowQuery, 'nat', ready && wants('nat')),
    application: useHas(flowQuery, 'application', ready && wants('application')),
    user: useHas(flowQuery, 'user', ready && wants('user')),
  }
  const shown = panels.filter((name) => has[panelKinds[name].family] === true)
  const folded = panels.filter((name) => has[panelKinds[name].family] === false)
  const sums = all.data?.total
  const empty = sums !== undefined && Number(sums.flows) === 0 && (live || before === '')
  const panel = (name: PanelName, size: PanelSize): React.ReactNode => {
    const kind = panelKinds[name]
    const look = looks[name] ?? defaultLook
    const setLook = (next: typeof look) => set({ looks: { ...looks, [name]: next } }, 'replace')
    const large = size === 'large'
    return (
      <Slot
        key={name}
        flowQuery={flowQuery}
        className={kind.shape === 'donut' || kind.shape === 'bars' || kind.shape === 'boundary' ? '' : 'wide'}
        waits={kind.family !== 'flows' && size !== 'large'}
      >
        {(own) => {
          const context: PanelContext = {
            flowQuery: own,
            dim,
            by,
            before,
            look,
            size,
            besideOf,
            live: stream,
            isLive: live,
            othersAnswered: othersAnswered || size !== 'usual' || panels.length === 1,
            menu: (title, menu) => (
              <PanelMenu
                name={title}
                look={look}
                has={menu}
                span={`${flowQuery.t.from} ${flowQuery.t.to}`}
                large={large}
                added={boardPanel(name, own, { by, dim, percentileField: state.pf, top: look.top, title })}
                alert={mayAlert ? alertOn(name, own, { by, percentileField: state.pf }) : undefined}
                onChange={setLook}
                onLarge={(on) => set({ focus: on ? name : '' })}
                onHide={() =>
                  set({ panels: panels.filter((panel) => panel !== name), ...(focus === name ? { focus: '' } : {}) })
                }
              />
            ),
            marks,
            alerts,
            onTable: (table) => setLook({ ...look, table }),
            onOnly: (fields, cells) => set({ q: andFilter(q, conditionOf(fields, cells)) }),
            onFilter: (condition) => set({ q: andFilter(q, condition) }),
            percentileField: state.pf,
            onPercentileField: (field) => set({ pf: field }, 'replace'),
            onBrush: (from, to) => set({ t: { from: isoOfSeconds(from), to: isoOfSeconds(to) }, live: false }),
          }
          switch (kind.shape) {
            case 'rates':
              return <RatesPanel name={name} kind={kind} context={context} />
            case 'pairs':
              return <PairsPanel name={name} kind={kind} context={context} />
            case 'times':
              return <TimesPanel name={name} kind={kind} context={context} />
            case 'map':
              return <MapPanel name={name} kind={kind} context={context} />
            case 'boundary':
              return <BoundaryPanel name={name} kind={kind} context={context} />
            case 'percentiles':
              return <PercentilesPanel name={name} kind={kind} context={context} />
            case 'slowest':
              return <SlowestPanel name={name} kind={kind} context={context} />
            default:
              return <SharesPanel name={name} kind={kind} context={context} />
          }
        }}
      </Slot>
    )
  }
  return (
    <>
      <div className="page-line">
        {tabs}
        {live && <LiveLink state={link.state} />}
        <span className="number overview-sum">
          {sums !== undefined &&
            all.data !== undefined &&
            panelsText.totals(count(sums.flows), volume(Number(sums.bytes)), count(sums.packets), sourceText(all.data))}
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
        <div className="page-scroll overview-focus">
          <div className="focus-main">
            {shown.includes(focus)
              ? panel(focus, 'large')
              : folded.includes(focus) && <FoldedPanels panels={[focus]} alone />}
          </div>
          <div className="focus-strip" role="group" aria-label={panelsText.otherPanels}>
            {shown
              .filter((name) => name !== focus)
              .map((name) => (
                <div key={name} className="strip-panel">
                  <div inert>{panel(name, 'small')}</div>
                  <button type="button" className="strip-open" onClick={() => set({ focus: name })}>
                    <span className="spoken">{panelsText.enlarged(panelKinds[name].title)}</span>
                  </button>
                </div>
              ))}
          </div>
        </div>
      ) : (
        <div className="page-scroll overview">
          {shown.map((name) => panel(name, 'usual'))}
          {folded.length > 0 && <FoldedPanels panels={folded} alone={folded.length === panels.length} />}
        </div>
      )}
    </>
  )
}
