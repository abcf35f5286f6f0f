import { asApiError } from '../../api/problem.ts'
import { usePipelineView } from '../../api/use-pipeline-view.ts'
import { PageLink } from '../../app/page-link.tsx'
import { useTitle } from '../../app/use-title.ts'
import { troublesOf } from '../../api/pipeline-health.ts'
import { troublePage, troubleText } from '../../parts/trouble-text.ts'
import { count, counted } from '../../parts/format.ts'
import { ErrorState, Loading, StaleNotice, UnreadNotice } from '../../parts/states.tsx'
import { usePageState } from '../../state/use-page-state.ts'
import { useExporters } from '../../api/exporters.ts'
import type { Ledger, Pipeline } from '../../../../src/api/published.ts'
import { sourceConnections, sinkConnections, type Connection } from './connected.ts'
import { SetupGuide } from './setup.tsx'
import { AlertCard } from './alerts.tsx'
import { Overview } from './overview.tsx'
import { homeCodec } from './state.ts'
import './home.css'
import { homeText } from './text.ts'
import { generalText } from '../../text/general.ts'

export default function HomePage(): React.ReactNode {
  useTitle('Home')
  const { state, unread, set } = usePageState(homeCodec)
  const { view, pipeline, ledger, failed, again } = usePipelineView()
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
            <Overview alerts={<AlertCard limited />} />
          ) : failed === undefined ? (
            <Loading what={homeText.theConnections} />
          ) : (
            <ErrorState error={failed.error} onRetry={again} />
          )
        ) : (
          <>
            {view.accepted === 0 ? (
              <section>
                <h2 className="welcome">{homeText.noDataTitle}</h2>
                <p>{homeText.noDataHint}</p>
              </section>
            ) : (
              <>
                <Troubles ledger={ledger.data} pipeline={pipeline.data} />
                <Overview alerts={<AlertCard />} />
              </>
            )}
            {view.accepted === 0 && (
              <div className="connected">
                <Connections
                  title={homeText.sources}
                  of={sourceConnections({ view, exporters: exporters.data, count })}
                />
                <Connections title={homeText.destinations} of={sinkConnections({ view, count })} />
              </div>
            )}
            <details className="panel how" open={view.accepted === 0} aria-label={homeText.connectASource}>
              <summary>{view.accepted === 0 ? homeText.connectTheFirst : homeText.connectAnother}</summary>
              <SetupGuide
                how={state.how}
                collector={state.collector}
                onHow={(how) => set({ how })}
                onCollector={(collector) => {
                  if (collector !== state.collector) set({ collector })
                }}
              />
            </details>
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

/** Sources and sinks with problems; a single line if there are none. */
function Troubles({ ledger, pipeline }: { ledger: Ledger | undefined; pipeline: Pipeline | undefined }) {
  if (ledger === undefined || pipeline === undefined) return null
  const troubles = troublesOf(ledger, pipeline)
  if (troubles.length === 0)
    return (
      <p className="troubles">
        <span className="good">●</span>{' '}
        {homeText.allWork(counted(pipeline.sources.length, 'source'), counted(pipeline.sinks.length, 'sink'))}{' '}
        <PageLink to="/pipeline">{generalText.pipeline}</PageLink>
      </p>
    )
  return (
    <section className="panel entries troubles" aria-label={homeText.problems}>
      <h2>{homeText.problems}</h2>
      <ul>
        {troubles.map((trouble) => (
          <li key={`${trouble.is} ${trouble.name}`}>
            <span className={trouble.tone}>{trouble.tone === 'bad' ? '✕' : '▲'}</span>
            <span className="what">{troubleText(trouble)}</span>
            <PageLink to={troublePage(trouble)}>
              {troublePage(trouble) === '/pipeline' ? generalText.pipeline : generalText.deadLetters}
            </PageLink>
          </li>
        ))}
      </ul>
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
