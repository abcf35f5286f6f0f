import { conditionOf } from '../../../parts/endpoint-condition.ts'
import { andFilter } from '../../../parts/filter-text.ts'
import { isoOfSeconds } from '../../../parts/format.ts'
import type { FlowViewProps } from '../views.ts'
import { alertOn } from './alert-on.ts'
import { boardPanel } from './board-panel.ts'
import { BoundaryPanel } from './boundary.tsx'
import { panelKinds } from './kinds.ts'
import { SlowestPanel, TimesPanel } from './latency.tsx'
import { MapPanel } from './map.tsx'
import { PanelMenu } from './panel-menu.tsx'
import { PercentilesPanel } from './percentiles.tsx'
import { PairsPanel, RatesPanel, SharesPanel, type MenuOf, type PanelContext, type PanelSize } from './panels.tsx'
import { Slot } from './slot.tsx'
import { defaultLook, type PanelLook, type PanelName } from './state.ts'

/** What all panels of the page share. */
export type PanelFrame = Pick<FlowViewProps, 'state' | 'set'> &
  Pick<PanelContext, 'flowQuery' | 'dim' | 'besideOf' | 'live' | 'othersAnswered' | 'marks' | 'alerts'> &
  Readonly<{ mayAlert: boolean }>

type SlottedPanelProps = Readonly<{ name: PanelName; size: PanelSize; frame: PanelFrame }>

export function SlottedPanel({ name, size, frame }: SlottedPanelProps): React.ReactNode {
  const kind = panelKinds[name]
  return (
    <Slot
      flowQuery={frame.flowQuery}
      className={kind.shape === 'donut' || kind.shape === 'bars' || kind.shape === 'boundary' ? '' : 'wide'}
      waits={kind.family !== 'flows' && size !== 'large'}
    >
      {(flowQuery) => panelOf(name, contextOf(name, size, { ...frame, flowQuery }))}
    </Slot>
  )
}

function contextOf(name: PanelName, size: PanelSize, frame: PanelFrame): PanelContext {
  const { state, set, flowQuery, othersAnswered, mayAlert, ...shared } = frame
  const { live, by, before, panels, looks, q } = state
  const look = looks[name] ?? defaultLook
  const setLook = (next: PanelLook) => set({ looks: { ...looks, [name]: next } }, 'replace')
  return {
    ...shared,
    flowQuery,
    by,
    before,
    look,
    size,
    isLive: live,
    othersAnswered: othersAnswered || size !== 'usual' || panels.length === 1,
    menu: (title, has) => <FrameMenu name={name} title={title} has={has} size={size} frame={frame} onLook={setLook} />,
    onTable: (table) => setLook({ ...look, table }),
    onOnly: (fields, cells) => set({ q: andFilter(q, conditionOf(fields, cells)) }),
    onFilter: (condition) => set({ q: andFilter(q, condition) }),
    percentileField: state.pf,
    onPercentileField: (field) => set({ pf: field }, 'replace'),
    onBrush: (from, to) => set({ t: { from: isoOfSeconds(from), to: isoOfSeconds(to) }, live: false }),
  }
}

type FrameMenuProps = SlottedPanelProps & Readonly<{ title: string; has: MenuOf; onLook: (look: PanelLook) => void }>

function FrameMenu({ name, title, has, size, frame, onLook }: FrameMenuProps) {
  const { state, set, flowQuery, dim, mayAlert } = frame
  const { by, panels, focus, looks, pf: percentileField } = state
  const look = looks[name] ?? defaultLook
  return (
    <PanelMenu
      name={title}
      look={look}
      has={has}
      span={`${flowQuery.t.from} ${flowQuery.t.to}`}
      large={size === 'large'}
      added={boardPanel(name, flowQuery, { by, dim, percentileField, top: look.top, title })}
      alert={mayAlert ? alertOn(name, flowQuery, { by, percentileField }) : undefined}
      onChange={onLook}
      onLarge={(large) => set({ focus: large ? name : '' })}
      onHide={() => set({ panels: panels.filter((panel) => panel !== name), ...(focus === name ? { focus: '' } : {}) })}
    />
  )
}

function panelOf(name: PanelName, context: PanelContext): React.ReactNode {
  const kind = panelKinds[name]
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
}
