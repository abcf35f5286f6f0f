import type { Ledger, Pipeline } from '../../../src/api/published.ts'
import { asRefused, type Refused } from '../api/problem.ts'
import { useLedger, usePipeline } from '../api/queries.ts'
import { count, duration } from '../parts/format.ts'

/** The ledger in one line, on every page. Green only when every row that was accepted is accounted for. */
export function Footer(): React.ReactNode {
  const ledger = useLedger()
  const pipeline = usePipeline()
  return (
    <footer aria-label="Ledger">
      {ledger.data === undefined || ledger.isError ? (
        <span className="sum dim">{ledger.isError ? unknown(asRefused(ledger.error)) : 'ledger …'}</span>
      ) : (
        <Sums ledger={ledger.data} pipeline={pipeline.data} />
      )}
    </footer>
  )
}

/** What is asked again every two seconds needs no button. */
function unknown({ status, message, queryId }: Refused): string {
  return status === 403
    ? 'The ledger is of every namespace, and is not shown to you'
    : `ledger unknown, asked again every 2 s: ${message}${queryId === undefined ? '' : ` query ${queryId}`}`
}

const total = (reasons: Readonly<Record<string, number>>): number =>
  Object.values(reasons).reduce((sum, rows) => sum + rows, 0)
const sum = <T,>(of: readonly T[], pick: (item: T) => number): number =>
  of.reduce((before, item) => before + pick(item), 0)

const rule =
  'For every sink: accepted of its sources = filtered + routed, and routed = delivered + dead letters + dropped + quarantined + pending'

function Sums({
  ledger,
  pipeline,
}: {
  readonly ledger: Ledger
  readonly pipeline: Pipeline | undefined
}): React.ReactNode {
  const unreadable = sum(ledger.sources, (source) => source.unreadable)
  const dropped = sum(ledger.sinks, (sink) => total(sink.dropped))
  const lags = pipeline?.sinks.map((sink) => sink.lagMs) ?? []
  const tone = ledger.balanced ? (unreadable === 0 ? 'good' : 'warning') : 'bad'
  const written = equation(ledger)
  return (
    <>
      <span className={`sum ${tone}`} title={rule}>
        {ledger.balanced ? written : `${written.replace('=', '≠')} · does not balance`}
      </span>
      <Part name="shed" value={sum(ledger.sources, (source) => total(source.shed))} tone="warning" />
      <Part name="dead letters" value={sum(ledger.sinks, (sink) => sink.dead_lettered)} tone="bad" />
      {dropped > 0 && <Part name="dropped" value={dropped} tone="warning" />}
      {unreadable > 0 && <Part name="unreadable" value={unreadable} tone="bad" />}
      <span className="end" title="Of the sink that is furthest behind">
        lag {lags.length === 0 ? '–' : duration(Math.max(...lags))}
      </span>
    </>
  )
}

/** Where the rows are that the store, else the first sink, has to do with. */
function equation({ sources, sinks }: Ledger): string {
  const sink = sinks.find(({ name }) => name === 'store') ?? sinks[0]
  if (sink === undefined) return `accepted ${count(sum(sources, (source) => source.accepted))}, no sink yet`
  const accepted = sum(
    sources.filter(({ name }) => sink.from.includes(name)),
    (source) => source.accepted,
  )
  const rest = {
    filtered: total(sink.filtered),
    pending: sink.pending,
    'dead letters': sink.dead_lettered,
    dropped: total(sink.dropped),
    quarantined: sink.quarantined,
  }
  return [
    `accepted ${count(accepted)} = delivered ${count(sink.delivered)}`,
    ...Object.entries(rest).flatMap(([name, rows]) => (rows > 0 ? [`${count(rows)} ${name}`] : [])),
  ].join(' + ')
}

function Part({
  name,
  value,
  tone,
}: {
  readonly name: string
  readonly value: number
  readonly tone: string
}): React.ReactNode {
  return (
    <span className={value > 0 ? tone : undefined}>
      {name} {count(value)}
    </span>
  )
}
