import type { Ledger, Pipeline, SinkLedger, SourceLedger } from '../../../../src/api/published.ts'
import { useLedger, usePipeline } from '../../api/queries.ts'
import { useTitle } from '../../app/use-title.ts'
import { count, counted, duration, perSecond, size } from '../../parts/format.ts'
import { ErrorState, Loading } from '../../parts/states.tsx'

/** Sources, sinks, and where every row is in between. */
export default function PipelinePage(): React.ReactNode {
  useTitle('Pipeline')
  const pipeline = usePipeline()
  const ledger = useLedger()
  return (
    <div className="page">
      <div className="page-bar">
        <h1>Pipeline</h1>
        {pipeline.data !== undefined && <span className="dim pad">journal {size(pipeline.data.journal.bytes)}, {counted(pipeline.data.journal.segments, 'segment')}</span>}
      </div>
      <div className="page-scroll">
        {pipeline.data === undefined || ledger.data === undefined
          ? (pipeline.isError ? <ErrorState error={pipeline.error} onRetry={() => { pipeline.refetch().catch(reportError) }} /> : <Loading what="the pipeline" />)
          : <Parts pipeline={pipeline.data} ledger={ledger.data} />}
      </div>
    </div>
  )
}

const total = (reasons: Readonly<Record<string, number>>): number => Object.values(reasons).reduce((sum, rows) => sum + rows, 0)
const named = (reasons: Readonly<Record<string, number>>): string => Object.entries(reasons).map(([reason, rows]) => `${reason} ${count(rows)}`).join(', ') || '0'

function Parts({ pipeline, ledger }: { readonly pipeline: Pipeline; readonly ledger: Ledger }): React.ReactNode {
  const accepted = new Map(ledger.sources.map(({ name, accepted: rows }) => [name, rows]))
  // The ledger may know sinks that the pipeline does not run itself, and sinks that were removed.
  const sinks = [...new Set([...ledger.sinks, ...pipeline.sinks].map(({ name }) => name))]
  return (
    <>
      <h2>Sources</h2>
      <div className="parts-list">{pipeline.sources.map((source) => <Source key={source.name} source={source} sums={ledger.sources.find(({ name }) => name === source.name)} />)}</div>
      <h2>Sinks</h2>
      <div className="parts-list">{sinks.map((name) => <Sink key={name} name={name} sink={pipeline.sinks.find((each) => each.name === name)} sums={ledger.sinks.find((each) => each.name === name)} accepted={accepted} />)}</div>
    </>
  )
}

function Line({ name, children, tone }: { readonly name: string; readonly children: React.ReactNode; readonly tone?: string | undefined }): React.ReactNode {
  return <><dt>{name}</dt><dd className={tone}>{children}</dd></>
}

function Source({ source, sums }: { readonly source: Pipeline['sources'][number]; readonly sums: SourceLedger | undefined }): React.ReactNode {
  return (
    <div className="panel part">
      <div className="name"><b>{source.name}</b><span className="dim">{source.type} · {perSecond(source.rate)}</span></div>
      {source.addresses.length > 0 && <div className="addresses mono dim">{source.addresses.join('  ')}</div>}
      {source.error !== undefined && <div className="bad">{source.error}</div>}
      {sums !== undefined && (
        <dl>
          <Line name="accepted">{count(sums.accepted)}</Line>
          <Line name="duplicates">{count(sums.duplicates)}</Line>
          <Line name="shed" tone={total(sums.shed) > 0 ? 'warning' : undefined}>{named(sums.shed)}</Line>
          <Line name="unreadable" tone={sums.unreadable > 0 ? 'bad' : undefined}>{count(sums.unreadable)}</Line>
        </dl>
      )}
    </div>
  )
}

const marks = { running: ['●', 'good'], retrying: ['▲', 'warning'], blocked: ['■', 'bad'], stopped: ['■', 'dim'] } as const

function Sink({ name, sink, sums, accepted }: { readonly name: string; readonly sink: Pipeline['sinks'][number] | undefined; readonly sums: SinkLedger | undefined; readonly accepted: ReadonlyMap<string, number> }): React.ReactNode {
  const [mark, tone] = sink === undefined ? ['○', 'dim'] : marks[sink.state]
  const from = sink?.from ?? sums?.from ?? []
  return (
    <div className="panel part">
      <div className="name"><b>{name}</b>{sink !== undefined && <span><span className={tone}>{mark} {sink.state}</span><span className="dim"> · lag {duration(sink.lagMs)}</span></span>}</div>
      <div className="dim">{sink === undefined ? '' : `${sink.type} · `}from {from.length === 0 ? 'every source' : from.join(', ')}</div>
      {sink?.error !== undefined && <div className="bad">{sink.error}</div>}
      {sums !== undefined && (
        <dl>
          <Line name="filtered">{named(sums.filtered)}</Line>
          <Line name="routed">{count(sums.routed)}</Line>
          <Line name="delivered">{count(sums.delivered)}</Line>
          <Line name="pending">{count(sums.pending)}</Line>
          <Line name="dead letters" tone={sums.dead_lettered > 0 ? 'bad' : undefined}>{count(sums.dead_lettered)}</Line>
          <Line name="dropped" tone={total(sums.dropped) > 0 ? 'warning' : undefined}>{named(sums.dropped)}</Line>
          <Line name="quarantined" tone={sums.quarantined > 0 ? 'bad' : undefined}>{count(sums.quarantined)}</Line>
          {!balances(sums, accepted) && <Line name="does not balance" tone="bad">≠</Line>}
        </dl>
      )}
    </div>
  )
}

/** Does a sink's sum come out? The same rule as the ledger's. */
function balances(sums: SinkLedger, accepted: ReadonlyMap<string, number>): boolean {
  const from = sums.from.reduce((before, name) => before + (accepted.get(name) ?? 0), 0)
  return from === total(sums.filtered) + sums.routed && sums.routed === sums.delivered + sums.dead_lettered + total(sums.dropped) + sums.quarantined + sums.pending
}
