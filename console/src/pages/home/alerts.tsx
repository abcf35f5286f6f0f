import { Link } from '@tanstack/react-router'
import { useAlerts, type Alerts } from '../../api/alerts.ts'
import { PageLink } from '../../app/page-link.tsx'
import { AddToDashboard } from '../../parts/dashboards/add-button.tsx'
import { count, counted, time } from '../../parts/format.ts'
import { ErrorState, Loading } from '../../parts/states.tsx'
import { readSearch } from '../../state/codec.ts'
import { alertsText } from '../../text/alerts.ts'
import { whyText } from '../../parts/why/text.ts'
import './alerts.css'

type Rule = Alerts['rules'][number]

const shown = 8
const marks = {
  firing: ['▲', 'bad', alertsText.firing],
  pending: ['◔', 'warning', alertsText.pending],
  failing: ['✕', 'bad', alertsText.failing],
  no_data: ['○', 'warning', alertsText.noData],
} as const

/** Rules that cannot be evaluated are listed first: without them “no alert” would be a guess. */
export function AlertCard({ limited = false }: { limited?: boolean }): React.ReactNode {
  const { data, error, refetch } = useAlerts()
  return (
    <section className="panel alerts" aria-label={alertsText.alerts}>
      <h2>
        {alertsText.alerts}{' '}
        <PageLink to="/alerts" className="all">
          {alertsText.open}
        </PageLink>
        <AddToDashboard as="mark" of={{ panel: { kind: 'alerts', title: alertsText.alerts } }} />
      </h2>
      {data === undefined ? (
        error === null ? (
          <Loading what={alertsText.theAlerts} />
        ) : (
          <ErrorState error={error} onRetry={() => void refetch()} />
        )
      ) : (
        <Lines rules={data.rules} limited={limited} />
      )}
    </section>
  )
}

function Lines({ rules, limited }: { rules: readonly Rule[]; limited: boolean }) {
  const lines = [
    ...rules.filter(({ error }) => error !== undefined).map((rule) => <Unknown key={rule.name} rule={rule} />),
    ...rules.filter(({ state }) => state === 'no_data').map((rule) => <Unknown key={rule.name} rule={rule} />),
    ...(['firing', 'pending'] as const).flatMap((state) =>
      rules.flatMap((rule) =>
        rule.alerts
          .filter((alert) => alert.state === state)
          .map((alert) => <Active key={JSON.stringify(alert.labels)} rule={rule} alert={alert} />),
      ),
    ),
  ]
  if (rules.length === 0) return <p className="dim">{limited ? alertsText.noneVisible : alertsText.noRules}</p>
  if (lines.length === 0) return <p className="dim">{alertsText.noneActive(counted(rules.length, 'rule'))}</p>
  return (
    <>
      <ul>{lines.slice(0, shown)}</ul>
      {lines.length > shown && <p className="dim">{alertsText.more(count(lines.length - shown))}</p>}
    </>
  )
}

function Mark({ of }: { of: keyof typeof marks }) {
  const [mark, tone, word] = marks[of]
  return (
    <span className={`state-mark ${tone}`}>
      {mark} {word}
    </span>
  )
}

function Unknown({ rule: { name, error, failing_since: since } }: { rule: Rule }) {
  return (
    <li>
      <Mark of={error === undefined ? 'no_data' : 'failing'} />
      <b>{name}</b>
      <span className="what dim">{error ?? alertsText.noDataHint}</span>
      {since !== undefined && <span className="mono dim">{alertsText.since(time(since))}</span>}
    </li>
  )
}

function Active({ rule, alert }: { rule: Rule; alert: Rule['alerts'][number] }) {
  const { labels, annotations, cause } = alert
  const [path = '', search = ''] = alert.view.split('?')
  const groups = Object.entries(labels).filter(([label]) => label !== 'alertname' && label !== 'severity')
  const text = annotations['summary'] ?? groups.map(([label, value]) => `${label} ${value}`).join(', ')
  return (
    <li>
      <Mark of={alert.state} />
      <Link to={path} search={readSearch(search) as never} aria-label={alertsText.showRows(rule.name)}>
        {rule.name}
      </Link>
      <span className="what">
        {text}
        {cause !== undefined && <span className="dim"> · {alertsText.before(cause.text)}</span>}
      </span>
      <span className="number">
        {alert.value_text} <span className="dim">{rule.condition}</span>
      </span>
      <span className="mono dim">{alertsText.since(time(alert.active_at))}</span>
      {path === '/flows' && (
        <Link to={path} search={readSearch(`${search}&why=1`) as never} aria-label={alertsText.whyOf(rule.name)}>
          {whyText.title}
        </Link>
      )}
    </li>
  )
}
