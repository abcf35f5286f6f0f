import { useMemo } from 'react'
import { asApiError } from '../../api/problem.ts'
import { usePipelineView } from '../../api/use-pipeline-view.ts'
import { useCommands } from '../../app/commands.ts'
import { useTitle } from '../../app/use-title.ts'
import { count, counted } from '../../parts/format.ts'
import { EmptyState, ErrorState, Loading, Pending, StaleNotice, UnreadNotice } from '../../parts/states.tsx'
import { usePageState } from '../../state/use-page-state.ts'
import { useExporters } from '../../api/exporters.ts'
import { Details } from './details.tsx'
import { ExporterTable, reasonsOf } from './exporters.tsx'
import { feedsOf, FeedTable } from './feeds.tsx'
import { Picture } from './picture.tsx'
import { pipelineCodec } from './state.ts'
import type { PipelineView } from '../../api/pipeline-view.ts'
import { Twin } from './tables.tsx'
import { useRates } from './use-rates.ts'
import './pipeline.css'
import { generalText } from '../../text/general.ts'
import { pipelineText } from '../../text/pipeline.ts'

export default function PipelinePage(): React.ReactNode {
  useTitle(generalText.pipeline)
  const { state, unread, set } = usePageState(pipelineCodec)
  const { pipeline, ledger, view, failed, again } = usePipelineView()
  const exporters = useExporters()
  const rates = useRates(ledger.data, ledger.dataUpdatedAt)
  const open = (sel: string) => set({ sel })
  useCommands(
    useMemo(
      () => [
        {
          name: state.view === 'picture' ? pipelineText.pipelineAsTables : pipelineText.pipelineAsAGraph,
          run: () => set({ view: state.view === 'picture' ? 'table' : 'picture' }),
        },
      ],
      [state.view, set],
    ),
  )
  return (
    <div className="page">
      <div className="page-bar">
        <h1>{generalText.pipeline}</h1>
        <span className="grow" />
        <button
          type="button"
          aria-pressed={state.view === 'table'}
          onClick={() => set({ view: state.view === 'table' ? 'picture' : 'table' })}
        >
          {pipelineText.tables}
        </button>
      </div>
      <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
      {failed !== undefined && view !== undefined && <StaleNotice error={failed.error} onRetry={again} />}
      {view === undefined || pipeline.data === undefined || ledger.data === undefined ? (
        failed === undefined ? (
          <Loading what={pipelineText.thePipeline} />
        ) : asApiError(failed.error).status === 403 ? (
          <EmptyState title={pipelineText.forbidden} action={{ text: generalText.goToFlows, to: '/flows' }}>
            {failed.error?.message}
          </EmptyState>
        ) : (
          <ErrorState error={failed.error} onRetry={again} />
        )
      ) : (
        <div className="page-body pipeline">
          <div className="pipeline-scroll" tabIndex={0} role="region" aria-label={generalText.pipeline}>
            <Sentence view={view} />
            {state.view === 'picture' ? (
              <Picture view={view} journal={pipeline.data.journal} rates={rates} selected={state.sel} onOpen={open} />
            ) : (
              <Twin view={view} rates={rates} onOpen={open} />
            )}
            <Why reasons={reasonsOf(exporters.data, view, ledger.data)} onOpen={open} />
            <Feeds view={view} at={pipeline.dataUpdatedAt} onOpen={open} />
            <h2>{pipelineText.exporters}</h2>
            {exporters.data === undefined ? (
              <Pending of={exporters} what={pipelineText.theExporters} />
            ) : exporters.data.sources.every((source) => source.exporters.length === 0) ? (
              <EmptyState
                title={pipelineText.noExporters}
                action={{ text: pipelineText.connectAnExporter, to: '/home' }}
              >
                {pipelineText.noExportersHint}
              </EmptyState>
            ) : (
              <ExporterTable
                exporters={exporters.data}
                at={exporters.dataUpdatedAt}
                sort={state.sort}
                onSort={(sort) => set({ sort })}
                selected={state.sel}
                onOpen={open}
              />
            )}
          </div>
          {state.sel !== '' && (
            <Details
              sel={state.sel}
              view={view}
              journal={pipeline.data.journal}
              exporters={exporters.data}
              rates={rates}
              onClose={() => set({ sel: '' })}
            />
          )}
        </div>
      )}
    </div>
  )
}

function Sentence({ view }: { view: PipelineView }) {
  const feeds = view.sources.filter(({ accepted }) => accepted > 0)
  // As Home counts them: those that run. Others are derived, as that of alerts, or removed.
  const running = feeds.filter(({ type }) => type !== '').length
  const sentence = pipelineText.acceptedFrom(
    counted(view.accepted, 'row'),
    feeds.length === 0
      ? pipelineText.soFar
      : pipelineText.fromSources(counted(running, 'source'), feeds.length - running),
  )
  return view.balanced ? (
    <p>
      {sentence} <span className="good">{pipelineText.allBalanced}</span>
    </p>
  ) : (
    <p>
      {sentence} <span className="bad">{pipelineText.notAllBalanced}</span>
    </p>
  )
}

function Feeds({ view, at, onOpen }: { view: PipelineView; at: number; onOpen: (id: string) => void }) {
  const feeds = feedsOf(view.sources)
  if (feeds.length === 0) return null
  return (
    <>
      <h2>{pipelineText.feeds}</h2>
      <FeedTable feeds={feeds} at={at} onOpen={onOpen} />
    </>
  )
}

function Why({ reasons, onOpen }: { reasons: ReturnType<typeof reasonsOf>; onOpen: (id: string) => void }) {
  if (reasons.length === 0) return null
  const most = 20
  return (
    <section className="whys" aria-label={pipelineText.warnings}>
      <h2>{pipelineText.warningsTitle}</h2>
      <ul>
        {reasons.slice(0, most).map(({ of, id, why }) => (
          <li key={`${id} ${why}`}>
            <button type="button" className="link-like" onClick={() => onOpen(id)}>
              {of}
            </button>{' '}
            {why}
          </li>
        ))}
      </ul>
      {reasons.length > most && <p className="dim">{pipelineText.moreReasons(count(reasons.length - most))}</p>}
    </section>
  )
}
