import { useQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { Dashboards, SavedView } from '../../../../src/api/published.ts'
import { request } from '../../api/client.ts'
import { noteOpened, useSaved } from '../../app/saved.ts'
import { EmptyState, QueryError } from '../../parts/states.tsx'
import { readSearch } from '../../state/codec.ts'
import { dashboardsText } from './text.ts'
import { newDashboard, newPanel, readDashboard, type Dashboard } from './definition.ts'

type Opening = (dashboard: Dashboard, edit: boolean) => void
type Listed = Readonly<{ key: string; name: string; note: string; json: string; view?: SavedView }>

export function DashboardList({ onOpen }: { onOpen: Opening }): React.ReactNode {
  const saved = useSaved()
  const provided = useQuery({
    queryKey: ['dashboards'],
    queryFn: ({ signal }) => request<Dashboards>('/api/v1/dashboards', { signal }),
  })
  const [message, setMessage] = useState('')
  const file = useRef<HTMLInputElement>(null)
  const open = (json: string, edit: boolean) => {
    try {
      onOpen(readDashboard(json), edit)
    } catch (error) {
      setMessage(dashboardsText.notADashboard(error instanceof Error ? error.message : String(error)))
    }
  }
  const savedDashboards = (saved.data ?? []).flatMap((view): Listed[] => {
    const { id, name, page, search, by } = view
    const json = page === '/dashboards' ? readSearch(search)['d'] : undefined
    return json === undefined ? [] : [{ key: id, name, note: dashboardsText.byOwner(by), json, view }]
  })
  const files = (provided.data?.dashboards ?? []).map(({ file: name, json, error }): Listed => {
    const { title, problem } = json === undefined ? { title: '', problem: undefined } : headOf(json)
    const wrong = error ?? problem
    return { key: name, name: title === '' ? name : title, note: wrong ?? name, json: wrong === undefined ? json! : '' }
  })
  return (
    <>
      <div className="page-bar">
        <h1>{dashboardsText.dashboards}</h1>
        <button type="button" className="primary" onClick={() => onOpen({ ...newDashboard, panels: [newPanel] }, true)}>
          {dashboardsText.newDashboard}
        </button>
        <button type="button" onClick={() => file.current?.click()}>
          {dashboardsText.importJson}
        </button>
        <input
          ref={file}
          type="file"
          accept="application/json,.json"
          className="spoken"
          tabIndex={-1}
          aria-label={dashboardsText.importJson}
          onChange={(event) => {
            const [chosen] = event.target.files ?? []
            event.target.value = ''
            chosen?.text().then(
              (text) => open(text, false),
              (error: unknown) => setMessage(dashboardsText.notADashboard(String(error))),
            )
          }}
        />
      </div>
      {message !== '' && (
        <p role="alert" className="bad pad">
          {message}
        </p>
      )}
      <div className="page-scroll" tabIndex={0} role="region" aria-label={dashboardsText.dashboards}>
        {saved.isError && <QueryError of={saved} />}
        {provided.isError && <QueryError of={provided} />}
        {savedDashboards.length + files.length === 0 ? (
          <EmptyState
            title={dashboardsText.none}
            action={{
              text: dashboardsText.newDashboard,
              onClick: () => onOpen({ ...newDashboard, panels: [newPanel] }, true),
            }}
          >
            {dashboardsText.noneHint}
          </EmptyState>
        ) : (
          <>
            <Section
              title={dashboardsText.saved}
              hint={dashboardsText.savedHint}
              listed={savedDashboards}
              onOpen={open}
            />
            <Section title={dashboardsText.provided} hint={dashboardsText.providedHint} listed={files} onOpen={open} />
          </>
        )}
      </div>
    </>
  )
}

function headOf(json: string): Readonly<{ title: string; problem?: string }> {
  try {
    return { title: readDashboard(json).title }
  } catch (error) {
    return { title: '', problem: dashboardsText.notADashboard(error instanceof Error ? error.message : String(error)) }
  }
}

function Section({
  title,
  hint,
  listed,
  onOpen,
}: Readonly<{
  title: string
  hint: string
  listed: readonly Listed[]
  onOpen: (json: string, edit: boolean) => void
}>) {
  if (listed.length === 0) return null
  return (
    <section className="panel dashboard-list" aria-label={title}>
      <h2>{title}</h2>
      <p className="dim">{hint}</p>
      <ul>
        {listed.map(({ key, name, note, json, view }) => (
          <li key={key}>
            {json === '' ? (
              <b>{name}</b>
            ) : (
              <button
                type="button"
                className="link"
                onClick={() => {
                  if (view !== undefined) noteOpened(view)
                  onOpen(json, false)
                }}
              >
                {name}
              </button>
            )}{' '}
            <span className={json === '' ? 'bad' : 'dim'}>{note}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
