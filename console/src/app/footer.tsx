import type { Ledger, Pipeline } from '../../../src/api/published.ts'
import { troublesOf } from '../api/pipeline-health.ts'
import { asApiError, type ApiError } from '../api/problem.ts'
import { useLedger, usePipeline } from '../api/queries.ts'
import { count, duration } from '../parts/format.ts'
import { troublePage, troubleText } from '../parts/trouble-text.ts'
import { PageLink } from './page-link.tsx'
import { ZoneSwitch } from './zone-switch.tsx'
import { appText } from '../text/app.ts'
import { generalText } from '../text/general.ts'
import { statusText } from '../text/status.ts'

export default function Footer(): React.ReactNode {
  const ledger = useLedger()
  const pipeline = usePipeline()
  const text = ledger.isError ? unknown(asApiError(ledger.error)) : appText.ledgerLoading
  return (
    <footer aria-label={appText.ledger}>
      {ledger.data === undefined || ledger.isError ? (
        <span className="sum dim" title={text}>
          {text}
        </span>
      ) : (
        <Sums ledger={ledger.data} pipeline={pipeline.data} />
      )}
      <ZoneSwitch />
    </footer>
  )
}

function unknown({ status, message, queryId }: ApiError) {
  return status === 403
    ? appText.ledgerForbidden
    : appText.ledgerUnavailable(message, queryId === undefined ? '' : appText.queryId(queryId))
}

const total = (reasons: Readonly<Record<string, number>>) => Object.values(reasons).reduce((sum, rows) => sum + rows, 0)
const sum = <T,>(of: readonly T[], pick: (item: T) => number) => of.reduce((before, item) => before + pick(item), 0)

/** The sums of the ledger. The most severe problem, if any, precedes them as a link. */
function Sums({ ledger, pipeline }: { ledger: Ledger; pipeline: Pipeline | undefined }) {
  const [first, ...more] = troublesOf(ledger, pipeline)
  const lags = pipeline?.sinks.map((sink) => sink.lagMs) ?? []
  const written = equation(ledger)
  return (
    <>
      {first !== undefined && (
        <span className={`sum ${first.tone}`} role="status" title={troubleText(first)}>
          <PageLink to={troublePage(first)}>{troubleText(first)}</PageLink>
        </span>
      )}
      {more.length > 0 && (
        <span className={first?.tone} title={more.map(troubleText).join('\n')}>
          {statusText.more(count(more.length))}
        </span>
      )}
      <span className={first === undefined ? 'healthy' : undefined} title={appText.balanceRule}>
        {ledger.balanced ? written : appText.doesNotBalance(written.replace('=', '≠'))}
      </span>
      <span className="end" title={appText.slowestSink}>
        {appText.lag(lags.length === 0 ? '–' : duration(Math.max(...lags)))}
      </span>
    </>
  )
}

function equation({ sources, sinks }: Ledger): string {
  const sink = sinks.find(({ name }) => name === 'store') ?? sinks[0]
  const shed = sum(sources, (source) => total(source.shed))
  const shedText = shed === 0 ? '' : appText.andShed(count(shed))
  if (sink === undefined)
    return appText.acceptedWithoutSink(count(sum(sources, (source) => source.accepted))) + shedText
  const accepted = sum(
    sources.filter(({ name }) => sink.from.includes(name)),
    (source) => source.accepted,
  )
  const rest = [
    [appText.filtered, total(sink.filtered)],
    [appText.pending, sink.pending],
    [generalText.deadLettersInText, sink.dead_lettered],
    [appText.dropped, total(sink.dropped)],
    [appText.quarantined, sink.quarantined],
  ] as const
  return (
    (sinks.length > 1 ? appText.ofSink(sink.name) : '') +
    [
      appText.acceptedDelivered(count(accepted), count(sink.delivered)),
      ...rest.flatMap(([name, rows]) => (rows > 0 ? [`${count(rows)} ${name}`] : [])),
    ].join(' + ') +
    shedText
  )
}
