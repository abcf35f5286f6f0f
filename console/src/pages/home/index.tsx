import { asApiError } from '../../api/problem.ts'
import { usePipelineView } from '../../api/use-pipeline-view.ts'
import { PageLink } from '../../app/page-link.tsx'
import { useTitle } from '../../app/use-title.ts'
import { count, counted } from '../../parts/format.ts'
import { EmptyState, ErrorState, Loading, StaleNotice, UnreadNotice } from '../../parts/states.tsx'
import { usePageState } from '../../state/use-page-state.ts'
import { useExporters } from '../../api/exporters.ts'
import type { PipelineView } from '../../api/pipeline-view.ts'
import { sourceConnections, sinkConnections, type Connection } from './connected.ts'
import { SetupGuide } from './setup.tsx'
import { AlertCard } from './alerts.tsx'
import { Newest } from './newest.tsx'
import { homeCodec } from './state.ts'
import './home.css'
import { homeText } from '../../text/home.ts'
import { generalText } from '../../text/general.ts'

export default function HomePage(): React.ReactNode {
  useTitle('Home')
  const { state, unread, set } = usePageState(homeCodec)
  const { view, failed, again } = usePipelineView()
  const exporters = useExporters()
  const forbidden = failed !== undefined && asApiError(failed.error).status === 403
  return (
    <div className="page">
      <div className="page-bar">
        <h1>{homeText.home}</h1>
      </div>
      <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
      {failed !== undefined && view !== undefined && <StaleNotice error={failed.error} onRetry={again} />}
      <div className="page-scroll home" tabIndex={0} role="region" aria-label={homeText.home}>
        {view === undefined ? (
          forbidden ? (
            <>
              <AlertCard limited />
              <EmptyState title={homeText.limitedTitle} action={{ text: generalText.goToFlows, to: '/flows' }}>
                {homeText.limitedHint}
              </EmptyState>
            </>
          ) : failed === undefined ? (
            <Loading what={homeText.theConnections} />
          ) : (
            <ErrorState error={failed.error} onRetry={again} />
          )
        ) : (
          <>
            <Sentence view={view} />
            {view.accepted > 0 && <AlertCard />}
            {view.accepted > 0 && <Newest />}
            <div className="connected">
              <Connections
                title={homeText.sources}
                of={sourceConnections({ view, exporters: exporters.data, count })}
              />
              <Connections title={homeText.destinations} of={sinkConnections({ view, count })} />
            </div>
            <section className="panel how" aria-label={homeText.connectASource}>
              <h2>{view.accepted === 0 ? homeText.connectTheFirst : homeText.connectAnother}</h2>
              <SetupGuide
                how={state.how}
                collector={state.collector}
                onHow={(how) => set({ how })}
                onCollector={(collector) => {
                  if (collector !== state.collector) set({ collector })
                }}
              />
            </section>
            {view.accepted === 0 && (
              <p className="dim">
                {homeText.justExploring} <code>{homeText.npmRunDemo}</code> {homeText.demoHint}
              </p>
            )}
          </>
        )}
      </div>
    </div>
  )
}

function Sentence({ view }: { view: PipelineView }) {
  if (view.accepted === 0) {
    return (
      <section>
        <h2 className="welcome">{homeText.noDataTitle}</h2>
        <p>{homeText.noDataHint}</p>
      </section>
    )
  }
  const store = view.sinks.find(({ name }) => name === 'store') ?? view.sinks[0]
  const parts = (store?.parts ?? []).filter(({ name, rows }) => name === 'delivered' || rows > 0)
  return (
    <section>
      <h2 className="welcome">{homeText.acceptedRows(counted(view.accepted, 'row'))}</h2>
      <p className={view.balanced ? 'good' : 'bad'}>
        {view.balanced ? '● ' : '✕ '}
        {store === undefined
          ? homeText.thereIsNoSinkYet
          : homeText.storeBalance(
              store.name,
              count(store.accepted),
              store.balanced ? '=' : '≠',
              parts.map(({ name, rows }) => `${count(rows)} ${name}`).join(' + '),
            )}{' '}
        {view.balanced ? homeText.allAccountedFor : homeText.notAllAccountedFor}{' '}
        <PageLink to="/pipeline">{generalText.pipeline}</PageLink>
      </p>
    </section>
  )
}

const marks = {
  connected: ['●', 'good', homeText.connected],
  waiting: ['○', 'dim', homeText.waiting],
  absent: ['–', 'dim', homeText.notSetUp],
  failing: ['▲', 'warning', homeText.trouble],
} as const

function Connections({ title, of }: { title: string; of: readonly Connection[] }) {
  return (
    <section className="panel" aria-label={title}>
      <h2>{title}</h2>
      <ul>
        {of.map(({ id, name, status: is, text: message, where }) => {
          const [mark, tone, word] = marks[is]
          return (
            <li key={id}>
              <div className="connection">
                <b>{name}</b>
                <span className={tone}>
                  {mark} {word}
                </span>
              </div>
              {where.length > 0 && <div className="mono dim">{where.join('  ')}</div>}
              <div className="dim">{message}</div>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
