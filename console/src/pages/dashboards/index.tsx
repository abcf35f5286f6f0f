import { openSaved } from '../../app/overlays.ts'
import { TimeControl } from '../../app/time-control.tsx'
import { useTitle } from '../../app/use-title.ts'
import { useRefresh } from '../../hooks/use-refresh.ts'
import { fileName } from '../../parts/file-name.ts'
import { count, isoOfSeconds } from '../../parts/format.ts'
import { saveText } from '../../parts/save-file.ts'
import { EmptyState, Notice, RefreshButton, UnreadNotice } from '../../parts/states.tsx'
import { isMoving } from '../../state/range.ts'
import { usePageState } from '../../state/use-page-state.ts'
import { dashboardsText, panelNames } from './text.ts'
import { appText } from '../../text/app.ts'
import { moved, newPanel, writeDashboard, type Dashboard, type Panel } from './definition.ts'
import { withVariables } from './variables.ts'
import { PanelActs, PanelFields, VariableFields } from './editor.tsx'
import { DashboardList } from './list.tsx'
import { PanelBody } from './panels.tsx'
import { dashboardsCodec } from './state.ts'
import './dashboards.css'

/** Servers refuse longer ones. */
const maxUrl = 16_000

export default function DashboardsPage(): React.ReactNode {
  const { state, unread, set } = usePageState(dashboardsCodec)
  const { d, edit, t } = state
  useTitle(d.title === '' ? dashboardsText.dashboards : d.title)
  const { revision, again } = useRefresh(isMoving(t) ? state.refresh : 0)
  const isList = d.panels.length === 0 && d.title === '' && !edit
  const change = (part: Partial<Dashboard>) => set({ d: { ...d, ...part } }, 'replace')
  const changePanel = (at: number, panel: Panel) => change({ panels: d.panels.with(at, panel) })
  if (isList)
    return (
      <div className="page dashboards">
        <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
        <DashboardList onOpen={(opened, editing) => set({ d: opened, edit: editing })} />
      </div>
    )
  return (
    <div className="page dashboards">
      <div className="page-bar">
        <h1>{d.title === '' ? dashboardsText.newDashboard : d.title}</h1>
        <TimeControl frame={state} onChange={set} />
        <RefreshButton onClick={again} />
        <button type="button" aria-pressed={edit} onClick={() => set({ edit: !edit })}>
          {edit ? dashboardsText.done : dashboardsText.edit}
        </button>
        <button type="button" onClick={openSaved}>
          {appText.save}
        </button>
        <button
          type="button"
          onClick={() =>
            saveText(
              `${JSON.stringify(JSON.parse(writeDashboard(d)), null, 2)}\n`,
              `${fileName(d.title, 'dashboard')}.json`,
              'application/json',
            )
          }
        >
          {dashboardsText.exportJson}
        </button>
        <button type="button" className="quiet" onClick={() => set({ d: dashboardsCodec.usual.d, edit: false })}>
          {dashboardsText.all}
        </button>
      </div>
      <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
      {(edit || d.variables.length > 0) && (
        <div className="page-line">
          {edit && (
            <label className="control">
              {dashboardsText.title}{' '}
              <input value={d.title} maxLength={120} onChange={(event) => change({ title: event.target.value })} />
            </label>
          )}
          <VariableFields variables={d.variables} edit={edit} onChange={(variables) => change({ variables })} />
          {edit && (
            <button type="button" onClick={() => change({ panels: [...d.panels, newPanel] })}>
              {dashboardsText.addPanel}
            </button>
          )}
        </div>
      )}
      {edit && <p className="page-line dim">{dashboardsText.saveHint}</p>}
      {location.href.length > maxUrl && (
        <Notice tone="warning">{dashboardsText.longUrl(count(Math.round(location.href.length / 1024)))}</Notice>
      )}
      <div className="page-scroll" tabIndex={0} role="region" aria-label={dashboardsText.dashboards}>
        {d.panels.length === 0 ? (
          <EmptyState
            title={dashboardsText.emptyTitle}
            action={{
              text: dashboardsText.addPanel,
              onClick: () => set({ d: { ...d, panels: [newPanel] }, edit: true }),
            }}
          >
            {dashboardsText.emptyHint}
          </EmptyState>
        ) : (
          <div className="dashboard-grid">
            {d.panels.map((panel, at) => {
              const title = panel.title === '' ? panelNames[panel.kind] : panel.title
              return (
                <section key={at} className="panel" aria-label={title} style={{ '--columns': panel.width } as never}>
                  <div className="panel-head">
                    <h2>{title}</h2>
                    {edit && (
                      <PanelActs
                        name={`${title} (${dashboardsText.panelNumber(String(at + 1))})`}
                        width={panel.width}
                        onMove={(by) => change({ panels: moved(d.panels, at, by) })}
                        onWidth={(width) => changePanel(at, { ...panel, width })}
                        onRemove={() => change({ panels: d.panels.toSpliced(at, 1) })}
                      />
                    )}
                  </div>
                  {edit && <PanelFields panel={panel} onChange={(changed) => changePanel(at, changed)} />}
                  <PanelBody
                    panel={panel}
                    filter={withVariables(panel.filter, d.variables)}
                    variables={d.variables}
                    t={t}
                    revision={revision}
                    onBrush={(from, to) => set({ t: { from: isoOfSeconds(from), to: isoOfSeconds(to) } })}
                  />
                </section>
              )
            })}
          </div>
        )}
      </div>
    </div>
  )
}
