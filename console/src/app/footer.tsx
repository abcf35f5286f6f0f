import type { Ledger, Pipeline } from '../../../src/api/published.ts'
import { asApiError, type ApiError } from '../api/problem.ts'
import { useLedger, usePipeline } from '../api/queries.ts'
import { count, duration } from '../parts/format.ts'
import { ZoneSwitch } from './zone-switch.tsx'
import { appText } from '../text/app.ts'
import { generalText } from '../text/general.ts'

export function Footer(): React.ReactNode {
  const ledger = useLedger()
  const pipeline = usePipeline()
  return (
    <footer aria-label={appText.ledger}>
      {ledger.data === undefined || ledger.isError ? (
        <span className="sum dim">{ledger.isError ? unknown(asApiError(ledger.error)) : appText.ledgerLoading}</span>
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

const rule = appText.balanceRule

function Sums({ ledger, pipeline }: { ledger: Ledger; pipeline: Pipeline | undefined }) {
  const unreadable = sum(ledger.sources, (source) => source.unreadable)
  const dropped = sum(ledger.sinks, (sink) => total(sink.dropped))
  const lags = pipeline?.sinks.map((sink) => sink.lagMs) ?? []
  const tone = ledger.balanced ? (unreadable === 0 ? 'good' : 'warning') : 'bad'
  const written = equation(ledger)
  return (
    <>
      <span className={`sum ${tone}`} title={rule}>
        {ledger.balanced ? written : appText.doesNotBalance(written.replace('=', '≠'))}
      </span>
      <Part name={appText.shed} value={sum(ledger.sources, (source) => total(source.shed))} tone="warning" />
      <Part name={generalText.deadLettersInText} value={sum(ledger.sinks, (sink) => sink.dead_lettered)} tone="bad" />
      {dropped > 0 && <Part name={appText.dropped} value={dropped} tone="warning" />}
      {unreadable > 0 && <Part name={appText.unreadable} value={unreadable} tone="bad" />}
      <span className="end" title={appText.slowestSink}>
        {appText.lag(lags.length === 0 ? '–' : duration(Math.max(...lags)))}
      </span>
    </>
  )
}

function equation({ sources, sinks }: Ledger): string {
  const sink = sinks.find(({ name }) => name === 'store') ?? sinks[0]
  if (sink === undefined) return appText.acceptedWithoutSink(count(sum(sources, (source) => source.accepted)))
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
  return [
    appText.acceptedDelivered(count(accepted), count(sink.delivered)),
    ...rest.flatMap(([name, rows]) => (rows > 0 ? [`${count(rows)} ${name}`] : [])),
  ].join(' + ')
}

function Part({ name, value, tone }: { name: string; value: number; tone: string }) {
  return (
    <span className={value > 0 ? tone : undefined}>
      {name} {count(value)}
    </span>
  )
}
