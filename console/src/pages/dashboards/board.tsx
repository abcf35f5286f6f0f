import { useState } from 'react'
import { openSaved } from '../../app/overlays.ts'
import { TimeControl } from '../../app/time-control.tsx'
import { useRefresh } from '../../hooks/use-refresh.ts'
import { newPanel, writeDashboard, type Dashboard, type Panel } from '../../parts/dashboards/definition.ts'
import type { StoredDashboard } from '../../parts/dashboards/saved.ts'
import { fileName } from '../../parts/file-name.ts'
import { count } from '../../parts/format.ts'
import { saveText } from '../../parts/save-file.ts'
import { EmptyState, Notice, RefreshButton } from '../../parts/states.tsx'
import { isMoving } from '../../state/range.ts'
import { appText } from '../../text/app.ts'
import { VariableFields } from './editor/variables.tsx'
import { BoardGrid } from './grid.tsx'
import { KindChoice } from './kind-choice.tsx'
import { kinds } from '../../app/panel-kinds.ts'
import { useOffered } from './offered.ts'
import { useSave } from './save.ts'
import { dashboardsCodec, maxUrl, type DashboardsState } from './state.ts'
import { dashboardsText } from './text.ts'

export type Set = (changed: Partial<DashboardsState>, how?: 'replace') => void

export type BoardProps = Readonly<{
  state: DashboardsState
  /** The saved view that it was opened from. */
  stored: StoredDashboard | undefined
  notice: React.ReactNode
  set: Set
}>

export function BoardPage({ state, stored, notice, set }: BoardProps): React.ReactNode {
  const { d, edit, t } = state
  const { revision, again } = useRefresh(isMoving(t) ? state.refresh : 0)
  const offered = useOffered(d.variables, t, revision)
  const change = (part: Partial<Dashboard>) => set({ d: { ...d, ...part } }, 'replace')
  const add = (kind: Panel['kind']) => {
    const panel = { ...newPanel, ...kinds[kind].usual, kind }
    set({ d: { ...d, panels: [...d.panels, panel] }, edit: true }, 'replace')
  }
  return (
    <div className="page dashboards">
      <Bar state={state} stored={stored} set={set} again={again} />
      {notice}
      {(edit || d.variables.length > 0) && (
        <div className="page-line">
          {edit && (
            <label className="control">
              {dashboardsText.title}{' '}
              <input value={d.title} maxLength={120} onChange={(event) => change({ title: event.target.value })} />
            </label>
          )}
          <VariableFields
            variables={d.variables}
            offered={offered}
            edit={edit}
            onChange={(variables) => change({ variables })}
          />
        </div>
      )}
      {edit && <KindChoice onAdd={add} />}
      {location.href.length > maxUrl && (
        <Notice tone="warning">{dashboardsText.longUrl(count(Math.round(location.href.length / 1024)))}</Notice>
      )}
      <div className="page-scroll" tabIndex={0} role="region" aria-label={dashboardsText.dashboards}>
        {d.panels.length === 0 ? (
          <EmptyState
            title={dashboardsText.emptyTitle}
            action={edit ? undefined : { text: dashboardsText.edit, onClick: () => set({ edit: true }) }}
          >
            {dashboardsText.emptyHint}
          </EmptyState>
        ) : (
          <BoardGrid state={state} offered={offered} revision={revision} set={set} />
        )}
      </div>
    </div>
  )
}

function Bar({ state, stored, set, again }: Omit<BoardProps, 'notice'> & Readonly<{ again: () => void }>) {
  const { d, edit } = state
  const [message, setMessage] = useState<Readonly<{ text: string; tone: 'good' | 'bad' }>>()
  const save = useSave(state, stored, set)
  return (
    <>
      <div className="page-bar">
        <h1>{d.title === '' ? dashboardsText.newDashboard : d.title}</h1>
        <TimeControl frame={state} onChange={set} />
        <RefreshButton onClick={again} />
        <button type="button" aria-pressed={edit} onClick={() => set({ d, edit: !edit })}>
          {edit ? dashboardsText.done : dashboardsText.edit}
        </button>
        <button
          type="button"
          className={edit ? 'primary' : undefined}
          onClick={() => {
            save().then(
              (name) => setMessage({ text: dashboardsText.savedNow(name), tone: 'good' }),
              (error: unknown) =>
                setMessage({ text: error instanceof Error ? error.message : String(error), tone: 'bad' }),
            )
          }}
        >
          {appText.save}
        </button>
        <button type="button" className="quiet" onClick={openSaved}>
          {dashboardsText.saveAs}
        </button>
        <button
          type="button"
          className="quiet"
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
        <button
          type="button"
          className="quiet"
          onClick={() => set({ d: dashboardsCodec.usual.d, id: '', was: '', edit: false })}
        >
          {dashboardsText.all}
        </button>
      </div>
      {message !== undefined && (
        <Notice tone={message.tone === 'bad' ? 'bad' : 'plain'} onClose={() => setMessage(undefined)}>
          <p role={message.tone === 'bad' ? 'alert' : undefined}>{message.text}</p>
        </Notice>
      )}
      {edit && message === undefined && <p className="page-line dim">{dashboardsText.saveHint}</p>}
    </>
  )
}
