import { useMemo } from 'react'
import { asRefused } from '../../api/problem.ts'
import { useLedger, usePipeline } from '../../api/queries.ts'
import { PageLink } from '../../app/page-link.tsx'
import { useTitle } from '../../app/use-title.ts'
import { count, counted } from '../../parts/format.ts'
import { EmptyState, ErrorNotice, ErrorState, Loading, Notice } from '../../parts/states.tsx'
import { usePageState } from '../../state/use-page-state.ts'
import { useExporters } from '../../api/exporters.ts'
import { viewOf, type PipelineView } from '../../api/pipeline-view.ts'
import { senders, takers, type Connection } from './connected.ts'
import { How } from './how.tsx'
import { Newest } from './newest.tsx'
import { homeCodec } from './state.ts'
import './home.css'

/** What is connected, what is not, and how to connect it. */
export default function HomePage(): React.ReactNode {
  useTitle('Home')
  const { state, unread, set } = usePageState(homeCodec)
  const pipeline = usePipeline()
  const ledger = useLedger()
  const exporters = useExporters()
  const view = useMemo(
    () => (pipeline.data === undefined || ledger.data === undefined ? undefined : viewOf(pipeline.data, ledger.data)),
    [pipeline.data, ledger.data],
  )
  const again = (): void => {
    Promise.all([pipeline.refetch(), ledger.refetch()]).catch(reportError)
  }
  const failed = pipeline.isError ? pipeline : ledger.isError ? ledger : undefined
  const forbidden = failed !== undefined && asRefused(failed.error).status === 403
  return (
    <div className="page">
      <div className="page-bar">
        <h1>Home</h1>
      </div>
      {unread.length > 0 && (
        <Notice onClose={() => set({}, 'replace')}>
          {unread.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </Notice>
      )}
      {failed !== undefined && view !== undefined && (
        <ErrorNotice error={failed.error} onRetry={again}>
          What is shown is from before.
        </ErrorNotice>
      )}
      <div className="page-scroll home" tabIndex={0} role="region" aria-label="Home">
        {view === undefined ? (
          forbidden ? (
            <EmptyState
              title="Flows of your namespaces are here"
              action={
                <PageLink to="/flows" className="button">
                  Go to Flows
                </PageLink>
              }
            >
              What is connected is shown to those who may see every namespace.
            </EmptyState>
          ) : failed === undefined ? (
            <Loading what="what is connected" />
          ) : (
            <ErrorState error={failed.error} onRetry={again} />
          )
        ) : (
          <>
            <Sentence view={view} />
            {view.accepted > 0 && <Newest />}
            <div className="connected">
              <Connections title="Who sends" of={senders({ view, exporters: exporters.data, count })} />
              <Connections title="Where it goes" of={takers({ view, count })} />
            </div>
            <section className="panel how" aria-label="Connect something">
              <h2>{view.accepted === 0 ? 'Connect the first' : 'Connect another'}</h2>
              <How
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
                Only looking? <code>npm run demo</code> starts a Weir of its own with a simulated shop.
              </p>
            )}
          </>
        )}
      </div>
    </div>
  )
}

function Sentence({ view }: { readonly view: PipelineView }): React.ReactNode {
  if (view.accepted === 0) {
    return (
      <section>
        <h2 className="welcome">Nothing has come yet</h2>
        <p>Weir runs and listens. Point something at it, as below; this page shows the first row as it comes.</p>
      </section>
    )
  }
  const store = view.sinks.find(({ name }) => name === 'store') ?? view.sinks[0]
  const parts = (store?.parts ?? []).filter(({ name, rows }) => name === 'delivered' || rows > 0)
  return (
    <section>
      <h2 className="welcome">{counted(view.accepted, 'row')} accepted</h2>
      <p className={view.balanced ? 'good' : 'bad'}>
        {view.balanced ? '● ' : '✕ '}
        {store === undefined
          ? 'There is no sink yet.'
          : `At ${store.name}: ${count(store.accepted)} ${store.balanced ? '=' : '≠'} ${parts.map(({ name, rows }) => `${count(rows)} ${name}`).join(' + ')}.`}{' '}
        {view.balanced ? 'Every row is accounted for.' : 'Not every row is accounted for.'}{' '}
        <PageLink to="/pipeline">Pipeline</PageLink>
      </p>
    </section>
  )
}

const marks = {
  yes: ['●', 'good', 'connected'],
  waits: ['○', 'dim', 'waiting'],
  no: ['–', 'dim', 'not set up'],
  trouble: ['▲', 'warning', 'trouble'],
} as const

function Connections({ title, of }: { readonly title: string; readonly of: readonly Connection[] }): React.ReactNode {
  return (
    <section className="panel" aria-label={title}>
      <h2>{title}</h2>
      <ul>
        {of.map(({ id, name, is, says, where }) => {
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
              <div className="dim">{says}</div>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
