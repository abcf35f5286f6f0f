/** Alerts of the past, from the events in the store. */
import { alertEventSource, alertTypes } from '../../model/alerts.ts'
import { fieldsOf, storedJson, withoutUndefined, type Fields } from '../../model/json.ts'
import { dialectOf } from '../../query/index.ts'
import { isoOf } from '../../query/plan/index.ts'
import { isoSpan } from '../coverage.ts'
import { operation, type Surroundings } from '../operation.ts'
import { readRows } from '../rows.ts'
import { span } from '../time-span.ts'
import { AlertHistory, AlertHistoryParameters } from './schema.ts'

type Past = AlertHistory['alerts'][number]
type Row = Readonly<{ type: string; at: string; data: unknown }>

/** An alert has at most an event when it begins, one at its end, and repetitions. */
const maxRows = 20_000
/** An alert of the range can begin and end outside of it, in µs. */
const outsideUs = 86_400_000_000n

type Needed = Readonly<{
  /** Whether the user may see the alert of the rule. */
  mayRead: (rule: string, labels: Readonly<Record<string, string>>) => boolean
  /** Those that fire now, whenever they began. */
  current: readonly Past[]
  /** The cause can be of another namespace. */
  showsCauses: boolean
}>

export const alertHistory = operation({
  id: 'alertHistory',
  summary: 'Alerts that fired, newest first',
  description:
    'From the stored events of alerts, which are kept as long as other events. Alerts that began more than a day ' +
    'before the range are listed if they ended in it or still fire.',
  parameters: AlertHistoryParameters,
  result: AlertHistory,
  async run(
    { rule, from = 'now-7d', to = 'now', limit = 200 },
    { mayRead, current, showsCauses, ...surroundings }: Surroundings & Needed,
  ) {
    const dialect = dialectOf(surroundings.store)
    const range = span({ from, to }, surroundings.now)
    const types = Object.values(alertTypes).map(dialect.text)
    const source = rule === undefined ? '' : ` AND source = ${dialect.text(alertEventSource + rule)}`
    const rows = await readRows<Row>(
      surroundings,
      `SELECT type, ${dialect.isoTime('time')} AS at, data FROM events WHERE family = 'event' ` +
        `AND time >= ${dialect.time(range.from - outsideUs)} AND time < ${dialect.time(range.to + outsideUs)} ` +
        `AND type IN (${types.join(', ')}) AND ${dialect.startsWith('source', alertEventSource)}${source} ` +
        `ORDER BY time DESC LIMIT ${maxRows}`,
    )
    const stored = pastOf(rows, { showsCauses })
    const keys = new Set(stored.map(keyOf))
    const firing = new Set(current.map(keyOf))
    const others = current.filter((alert) => (rule === undefined || alert.rule === rule) && !keys.has(keyOf(alert)))
    const [begin, end] = [isoOf(range.from), isoOf(range.to)]
    const past = [...stored, ...others]
      .filter(({ rule: name, labels }) => mayRead(name, labels))
      .filter((alert) => {
        // Without an end that is known, it counts at its beginning.
        const last = alert.ends_at ?? (firing.has(keyOf(alert)) ? end : alert.starts_at)
        return alert.starts_at < end && last >= begin
      })
      .toSorted((a, b) => (a.starts_at < b.starts_at ? 1 : -1))
    return {
      span: isoSpan(range),
      alerts: past.slice(0, limit),
      more: past.length > limit || rows.length === maxRows,
    }
  },
})

/** Newest event first. An alert is the events with the same rule, labels and start. */
function pastOf(rows: readonly Row[], { showsCauses }: Readonly<{ showsCauses: boolean }>): readonly Past[] {
  const byStart = Map.groupBy(
    rows
      .map(({ type, at, data }) => ({ type, at, data: fieldsOf(storedJson(data)) }))
      .filter(({ data }) => data['test'] !== true),
    ({ data: { rule, labels, startsAt } }) =>
      keyOf({ rule: text(rule), labels: sortedTexts(labels), starts_at: text(startsAt) }),
  )
  return [...byStart.values()].map((events) => {
    const first = events.at(-1)!.data
    const end = events.find(({ data }) => data['state'] === 'resolved')?.data
    const withheld = events.find(({ type }) => type === alertTypes.silenced)?.data
    const silence = withheld?.['silence'] === undefined ? undefined : silenceOf(fieldsOf(withheld['silence']))
    return {
      rule: text(first['rule']),
      labels: sortedTexts(first['labels']),
      severity: text(first['severity']),
      condition: text(first['condition']),
      value: typeof first['value'] === 'number' ? first['value'] : null,
      starts_at: text(first['startsAt']),
      ends_at: end === undefined ? null : text(end['endsAt']),
      silenced: withheld !== undefined,
      view: pathOf(text(first['generatorURL'])),
      ...withoutUndefined({
        silence,
        reason: end?.['reason'] === undefined ? undefined : text(end['reason']),
        cause: showsCauses ? causeOf(events.map(({ data }) => data)) : undefined,
      }),
    }
  })
}

/** Labels are sorted. */
function keyOf({ rule, labels, starts_at: start }: Pick<Past, 'rule' | 'labels' | 'starts_at'>): string {
  return JSON.stringify([rule, labels, start])
}

function causeOf(events: readonly Fields[]): string | undefined {
  const cause = events.map((data) => fieldsOf(data['cause'])['text']).find((text) => text !== undefined)
  return cause === undefined ? undefined : text(cause)
}

function silenceOf({ until, reason, by }: Fields) {
  return { until: text(until), reason: text(reason), by: text(by) }
}

export function sortedTexts(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fieldsOf(value))
      .map(([name, label]): [string, string] => [name, text(label)])
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function pathOf(url: string): string {
  if (!URL.canParse(url)) return '/home'
  const { pathname, search } = new URL(url)
  return pathname + search
}
