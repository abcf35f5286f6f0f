import { useMemo } from 'react'
import { count, time, volume } from '../../../parts/format.ts'
import { isMoving } from '../../../state/range.ts'
import { useLink } from '../../../live/use-live.ts'
import { andFilter } from '../filter-text.ts'
import { NoFlows } from '../no-flows.tsx'
import { useTurn } from '../use-turn.ts'
import type { FlowViewProps } from '../views.ts'
import { askedOf, spanSeconds, useGroups } from './ask.ts'
import { Controls } from './controls.tsx'
import { LatencyPanel } from './latency.tsx'
import { useLiveSeries } from './live.ts'
import { PanelMenu } from './panel-menu.tsx'
import { GroupsPanel, PairsPanel, RatesPanel, type PanelContext } from './panels.tsx'
import { conditionOf } from './condition.ts'
import { panelNames, usualLook, type PanelName } from './state.ts'
import type { GroupsAnswer } from './sums.ts'
import './overview.css'

/** Seconds between two questions while the page is live; the rates come by the stream. */
const liveTurn = 5
const protocols = ['proto']

/** What passed, at a glance: rates, and the largest of everything. */
export default function Overview({ state, set, tabs }: FlowViewProps): React.ReactNode {
  const { live, t, refresh, dim, by, before, panels, looks, q } = state
  const { turn, again } = useTurn(live ? liveTurn : isMoving(t) ? refresh : 0)
  const asked = useMemo(() => askedOf(state, turn), [state, turn])
  // The question of a panel, so that it is asked once.
  const all = useGroups(asked, protocols, by, (looks.protocols ?? usualLook).top)
  const stream = useLiveSeries(live, state, dim, spanSeconds(asked.t))
  const link = useLink()
  const sums = all.data?.total
  const menuOf = (name: PanelName, title: string, hasTotal: boolean): React.ReactNode => (
    <PanelMenu
      name={title} look={looks[name] ?? usualLook} hasTotal={hasTotal} onChange={(look) => set({ looks: { ...looks, [name]: look } }, 'replace')}
      onHide={() => set({ panels: panels.filter((each) => each !== name) })}
    />
  )
  const context: PanelContext = {
    asked, dim, by, before, looks, live: stream, isLive: live, menuOf,
    onOnly: (fields, cells) => set({ q: andFilter(q, conditionOf(fields, cells)) }),
    onBrush: (from, to) => set({ t: { from: iso(from), to: iso(to) }, live: false }),
  }
  // With another time to compare with, that nothing passed is what is to be seen.
  const empty = sums !== undefined && Number(sums.flows) === 0 && (live || before === '')
  return (
    <>
      <div className="page-line">
        {tabs}
        {live && <span className={`link ${link.state === 'live' ? 'good' : 'warning'}`} role="status">{link.state === 'live' ? 'live' : 'reconnecting'}</span>}
        <span className="number overview-sum">
          {sums !== undefined && all.data !== undefined && `${count(sums.flows)} flows · ${volume(Number(sums.bytes))} · ${count(sums.packets)} packets · ${sourceText(all.data)}`}
        </span>
        <div className="end">{!live && <button type="button" onClick={again}>Ask again</button>}</div>
      </div>
      <div className="page-line"><Controls state={state} set={set} /></div>
      <div className="page-scroll overview">
        {empty
          ? <section className="panel"><NoFlows filter={state.filter} {...(live ? { onStored: () => set({ live: false }) } : { range: t, onWiden: () => set({ t: { from: 'now-1w', to: 'now' } }) })} onClear={() => set({ q: '' })} /></section>
          : panelNames.filter((name) => panels.includes(name)).map((name) => {
            if (name === 'bytes' || name === 'packets') return <RatesPanel key={name} name={name} context={context} />
            if (name === 'rtt' || name === 'dns') return <LatencyPanel key={name} name={name} context={context} />
            return name === 'pairs' ? <PairsPanel key={name} context={context} /> : <GroupsPanel key={name} name={name} context={context} />
          })}
      </div>
    </>
  )
}

function sourceText({ source, span, stored_to: storedTo }: GroupsAnswer): string {
  if (source === 'ring') return `there is no store: of the live memory, ${time(span.from)} – ${time(span.to)}`
  return storedTo === undefined ? 'stored, nothing left out' : `stored until ${time(storedTo)}`
}

const iso = (seconds: number): string => new Date(Math.round(seconds) * 1000).toISOString()
