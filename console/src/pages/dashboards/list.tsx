import { useQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import type { Dashboards, GrafanaImport, SavedView } from '../../../../src/api/published.ts'
import { request } from '../../api/client.ts'
import { noteOpened, useSaved } from '../../app/saved.ts'
import { newDashboard, readDashboard } from '../../parts/dashboards/definition.ts'
import { EmptyState, Loading, QueryError } from '../../parts/states.tsx'
import { readSearch } from '../../state/codec.ts'
import { isGrafana, ImportReport } from './grafana-import.tsx'
import { opened } from './save.ts'
import { dashboardsCodec, type DashboardsState } from './state.ts'
import { dashboardsText } from './text.ts'

type Opened = Partial<DashboardsState>
type Opening = (opened: Opened) => void
type Listed = Readonly<{ key: string; name: string; note: string; json: string; view?: SavedView }>

const begun: Opened = { d: newDashboard, id: '', was: '', edit: true }

export function DashboardList({ onOpen }: { onOpen: Opening }): React.ReactNode {
  const saved = useSaved()
  const provided = useQuery({
    queryKey: ['dashboards'],
    queryFn: ({ signal }) => request<Dashboards>('/api/v1/dashboards', { signal }),
  })
  const [message, setMessage] = useState('')
  const [report, setReport] = useState<GrafanaImport>()
  const open = (json: string, view?: SavedView, range = '') => {
    try {
      onOpen(openedOf(json, view, range))
    } catch (error) {
      setMessage(dashboardsText.notADashboard(error instanceof Error ? error.message : String(error)))
    }
  }
  const read = async (text: string) => {
    setMessage('')
    const grafana = isGrafana(text)
    if (grafana === undefined) return open(text)
    return setReport(
      await request<GrafanaImport>('/api/v1/dashboards/import', { method: 'POST', body: { dashboard: grafana } }),
    )
  }
  const savedDashboards = (saved.data ?? []).flatMap((view): Listed[] => {
    const { id, name, page, search, by } = view
    const json = page === '/dashboards' ? readSearch(search)['d'] : undefined
    return json === undefined ? [] : [{ key: id, name, note: dashboardsText.byOwner(by), json, view }]
  })
  const files = (provided.data?.dashboards ?? []).map(providedOf)
  const isLoading = saved.data === undefined && provided.data === undefined && !saved.isError && !provided.isError
  return (
    <>
      <div className="page-bar">
        <h1>{dashboardsText.dashboards}</h1>
        <button type="button" className="primary" onClick={() => onOpen(begun)}>
          {dashboardsText.newDashboard}
        </button>
        <ImportButton onFile={(text) => read(text).catch((error: unknown) => setMessage(messageOf(error)))} />
      </div>
      {message !== '' && (
        <p role="alert" className="bad pad">
          {message}
        </p>
      )}
      <div className="page-scroll" tabIndex={0} role="region" aria-label={dashboardsText.dashboards}>
        {report !== undefined && (
          <ImportReport
            of={report}
            onOpen={() => open(report.json, undefined, report.range)}
            onClose={() => setReport(undefined)}
          />
        )}
        {saved.isError && <QueryError of={saved} />}
        {provided.isError && <QueryError of={provided} />}
        {isLoading ? (
          <Loading what={dashboardsText.theDashboards} />
        ) : savedDashboards.length + files.length === 0 && report === undefined ? (
          <EmptyState
            title={dashboardsText.none}
            action={{ text: dashboardsText.newDashboard, onClick: () => onOpen(begun) }}
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

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** The state of the page; throws if the JSON is no dashboard. */
function openedOf(json: string, view: SavedView | undefined, range: string): Opened {
  const d = readDashboard(json)
  const ofRange = dashboardsCodec.decode(range === '' ? {} : { t: range }).state
  if (view === undefined) return { d, t: ofRange.t, id: '', was: '', edit: false }
  noteOpened(view)
  const { t = '' } = readSearch(view.search)
  const { state } = dashboardsCodec.decode(t === '' ? {} : { t })
  return { ...opened(d, view.search), t: state.t, id: view.id, was: view.changed, edit: false }
}

function ImportButton({ onFile }: { onFile: (text: string) => Promise<void> }) {
  const file = useRef<HTMLInputElement>(null)
  return (
    <>
      <button type="button" title={dashboardsText.importHint} onClick={() => file.current?.click()}>
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
          chosen?.text().then(onFile).catch(reportError)
        }}
      />
    </>
  )
}

function providedOf({ file, json, error }: Dashboards['dashboards'][number]): Listed {
  const { title, problem } = json === undefined ? { title: '', problem: undefined } : headOf(json)
  const wrong = error ?? problem
  return { key: file, name: title === '' ? file : title, note: wrong ?? file, json: wrong === undefined ? json! : '' }
}

function headOf(json: string): Readonly<{ title: string; problem?: string }> {
  try {
    return { title: readDashboard(json).title }
  } catch (error) {
    return { title: '', problem: dashboardsText.notADashboard(messageOf(error)) }
  }
}

type SectionProps = Readonly<{
  title: string
  hint: string
  listed: readonly Listed[]
  onOpen: (json: string, view?: SavedView) => void
}>

function Section({ title, hint, listed, onOpen }: SectionProps) {
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
              <button type="button" className="link" onClick={() => onOpen(json, view)}>
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
