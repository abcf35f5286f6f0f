import { useEffect, useMemo, useRef, useState } from 'react'
import { useLoaded } from '../../hooks/use-loaded.ts'
import { moved, type Dashboard, type Panel } from '../../parts/dashboards/definition.ts'
import { isoOfSeconds } from '../../parts/format.ts'
import { Loading } from '../../parts/states.tsx'
import { range, rangeText } from '../../state/range.ts'
import { PanelFields } from './editor/fields.tsx'
import { PanelActs } from './editor/panel-acts.tsx'
import { kinds } from '../../app/panel-kinds.ts'
import type { PanelProps } from '../../parts/dashboards/kind.ts'
import { PanelBoundary } from './panel-boundary.tsx'
import { shownPanels, type Shown } from './repeat.ts'
import type { DashboardsState } from './state.ts'
import { dashboardsText } from './text.ts'
import { panelText } from '../../parts/dashboards/text.ts'
import { withVariables } from '../../parts/dashboards/variables.ts'

type BoardGridProps = Readonly<{
  state: DashboardsState
  offered: Readonly<Record<string, readonly string[]>>
  revision: number
  set: (changed: Partial<DashboardsState>, how?: 'replace') => void
}>

const ownRange = range({ from: 'now-1h', to: 'now' })

export function BoardGrid({ state, offered, revision, set }: BoardGridProps): React.ReactNode {
  const { d, t, edit } = state
  const change = (part: Partial<Dashboard>) => set({ d: { ...d, ...part } }, 'replace')
  const shown = useMemo(
    () => shownPanels(d.panels, d.variables, offered, ({ kind }) => kinds[kind].title),
    [d.panels, d.variables, offered],
  )
  return (
    <div className="dashboard-grid">
      {shown.map((entry) => {
        const { key, at, panel, title, isFirst } = entry
        const own = panel.range === '' ? undefined : ownRange.read(panel.range)
        const setPanel = (changed: Panel) => change({ panels: d.panels.with(at, changed) })
        return (
          <section key={key} className="panel" aria-label={title} style={{ '--columns': panel.width } as never}>
            <div className="panel-head">
              <h2>{title}</h2>
              {own !== undefined && <span className="dim">{rangeText(own)}</span>}
              {edit && isFirst && (
                <PanelActs
                  name={`${title} (${dashboardsText.panelNumber(String(at + 1))})`}
                  width={panel.width}
                  onMove={(by) => change({ panels: moved(d.panels, at, by) })}
                  onWidth={(width) => setPanel({ ...panel, width })}
                  onCopy={() => change({ panels: d.panels.toSpliced(at + 1, 0, panel) })}
                  onRemove={() => change({ panels: d.panels.toSpliced(at, 1) })}
                />
              )}
            </div>
            {edit && isFirst && <PanelFields panel={panel} variables={d.variables} t={own ?? t} onChange={setPanel} />}
            <NearPanel
              shown={entry}
              t={own ?? t}
              revision={revision}
              onBrush={(from, to) => set({ t: { from: isoOfSeconds(from), to: isoOfSeconds(to) } })}
            />
          </section>
        )
      })}
    </div>
  )
}

type NearPanelProps = Readonly<{ shown: Shown }> & Pick<PanelProps, 't' | 'revision' | 'onBrush'>

/** Queries run once the panel is near the visible part of the page. */
function NearPanel({ shown: { panel, variables, title }, ...rest }: NearPanelProps) {
  const container = useRef<HTMLDivElement>(null)
  const [isNear, setNear] = useState(false)
  useEffect(() => {
    const element = container.current
    if (element === null || isNear) return undefined
    const watch = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) setNear(true)
      },
      { rootMargin: '400px' },
    )
    watch.observe(element)
    return () => watch.disconnect()
  }, [isNear])
  const filter = useMemo(() => withVariables(panel.filter, variables), [panel.filter, variables])
  return (
    <div ref={container} className="panel-body">
      {isNear && (
        <PanelBoundary resetKey={JSON.stringify(panel)}>
          <PanelBody panel={panel} variables={variables} title={title} filter={filter} {...rest} />
        </PanelBoundary>
      )}
    </div>
  )
}

function PanelBody(props: PanelProps) {
  const View = useLoaded(kinds[props.panel.kind].body)
  return View === undefined ? <Loading what={panelText.thePanel} /> : <View {...props} />
}
