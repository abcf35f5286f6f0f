import { useState } from 'react'
import { asApiError } from '../api/problem.ts'
import { addedPanel } from '../parts/dashboards/adding.ts'
import { newDashboard, newPanel, type Panel } from '../parts/dashboards/definition.ts'
import { savedDashboard, searchOf, type StoredDashboard } from '../parts/dashboards/saved.ts'
import { boardsText } from '../parts/dashboards/text.ts'
import { Loading, QueryError } from '../parts/states.tsx'
import { rangeText } from '../state/range.ts'
import { generalText } from '../text/general.ts'
import { save, useSaved } from './saved.ts'

const maxPanels = 300
const usualRange = 'now-1h..now'

type Done = Readonly<{ id: string; name: string; search: string }>

/** The content of the dialog: a click on a dashboard adds the panel. */
export default function AddToDashboardDialog({
  onGo,
  onClose,
}: Readonly<{ onGo: (view: Readonly<{ page: string; search: string }>) => void; onClose: () => void }>) {
  const saved = useSaved()
  const added = addedPanel()
  const [title, setTitle] = useState(added?.panel.title ?? '')
  const [keeps, setKeeps] = useState(true)
  const [message, setMessage] = useState('')
  const [done, setDone] = useState<Done>()
  if (added === undefined) return null
  const t = added.t === undefined ? '' : `${added.t.from}..${added.t.to}`
  const views = saved.data ?? []
  const own = views.flatMap((view) => (view.owned ? (savedDashboard(view) ?? []) : []))
  const panel: Panel = { ...newPanel, ...added.panel, title }
  const run = (work: Promise<Done>) => {
    setMessage('')
    work.then(setDone, (error: unknown) => {
      setMessage(asApiError(error).message)
      // After a conflict the next attempt adds to the newer version.
      saved.refetch().catch(reportError)
    })
  }
  return (
    <>
      <div className="drawer-head">
        <h2>{boardsText.add}</h2>
        <button type="button" className="quiet" aria-label={generalText.close} onClick={onClose}>
          ✕
        </button>
      </div>
      <div className="saved-new">
        <label className="grow">
          {boardsText.panelTitle}
          <input value={title} maxLength={120} onChange={(event) => setTitle(event.target.value)} />
        </label>
        {added.t !== undefined && (
          <label className="check">
            <input type="checkbox" checked={keeps} onChange={(event) => setKeeps(event.target.checked)} />
            {boardsText.keepRange(rangeText(added.t))}
          </label>
        )}
      </div>
      {message !== '' && (
        <p role="alert" className="bad pad">
          {message}
        </p>
      )}
      {done === undefined ? (
        <>
          <NewBoard
            names={views.filter(({ owned }) => owned).map(({ name }) => name)}
            onCreate={(name) => run(created(name, panel, keeps ? t : ''))}
          />
          {saved.isError ? (
            <QueryError of={saved} />
          ) : saved.data === undefined ? (
            <Loading what={boardsText.saved} />
          ) : (
            <Boards of={own} onChoose={(board) => run(extended(board, panel, keeps ? t : ''))} />
          )}
        </>
      ) : (
        <p className="pad line" role="status">
          {boardsText.added(done.name)}
          <button
            type="button"
            className="primary"
            autoFocus
            onClick={() => onGo({ page: '/dashboards', search: `?v=1&id=${done.id}${tOf(done.search)}` })}
          >
            {boardsText.open}
          </button>
        </p>
      )}
    </>
  )
}

function Boards({
  of,
  onChoose,
}: Readonly<{ of: readonly StoredDashboard[]; onChoose: (board: StoredDashboard) => void }>) {
  if (of.length === 0) return <p className="dim pad">{boardsText.none}</p>
  return (
    <ul className="saved-list" aria-label={boardsText.saved}>
      {of.map((board) => (
        <li key={board.view.id}>
          <button type="button" className="quiet go" onClick={() => onChoose(board)}>
            {board.view.name}
          </button>
        </li>
      ))}
    </ul>
  )
}

function NewBoard({ names, onCreate }: Readonly<{ names: readonly string[]; onCreate: (name: string) => void }>) {
  const [typed, setTyped] = useState<string>()
  const name = typed ?? freeName(names)
  return (
    <form
      className="saved-new"
      onSubmit={(event) => {
        event.preventDefault()
        onCreate(name.trim())
      }}
    >
      <label className="grow">
        {boardsText.newName}
        <input value={name} required maxLength={120} onChange={(event) => setTyped(event.target.value)} />
      </label>
      <button type="submit" className="primary">
        {boardsText.create}
      </button>
    </form>
  )
}

function tOf(search: string): string {
  const t = new URLSearchParams(search).get('t')
  return t === null ? '' : `&t=${t}`
}

function freeName(names: readonly string[]): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? boardsText.usualName : `${boardsText.usualName} ${number}`
    if (!names.includes(name)) return name
  }
}

/** The new dashboard has the time range of the page. */
async function created(name: string, panel: Panel, t: string): Promise<Done> {
  const search = searchOf({ ...newDashboard, title: name, panels: [panel] }, '', t)
  const { id } = await save({ name, page: '/dashboards', search, shared: false })
  return { id, name, search }
}

/** The panel keeps another time range than that of the dashboard. */
async function extended({ view, dashboard, t: ofBoard }: StoredDashboard, panel: Panel, t: string): Promise<Done> {
  const { panels } = dashboard
  if (panels.length >= maxPanels) throw new Error(boardsText.full(panels.length))
  const range = t === '' || t === (ofBoard === '' ? usualRange : ofBoard) ? '' : t
  const search = searchOf({ ...dashboard, panels: [...panels, { ...panel, range }] }, view.search)
  const { id, name } = await save({ ...view, search })
  return { id, name, search }
}
