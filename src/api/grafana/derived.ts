/** Counters over flows, changes, audit events and Kubernetes events. */
import { dialectOf, everything, flowNames, type Dialect } from '../../query/index.ts'
import { conditionOf } from '../../query/plan/index.ts'
import { executionError } from '../../query/metrics/failure.ts'
import { LabelSet, metricName } from '../../query/metrics/labels.ts'
import { matchesAll, type Matcher } from '../../query/metrics/matchers.ts'
import type { Series } from '../../query/metrics/values.ts'
import { auditScope, objectScope, withinScope } from '../access/scope.ts'
import type { Principal } from '../access/principal.ts'
import { flowTimes } from '../query-parameters.ts'
import { withSelection } from '../row-selection.ts'
import { maxSamples, type GrafanaRequest } from './answer.ts'
import { rows, timeCondition, type Span } from './rows.ts'

type Source = Readonly<{
  metrics: Readonly<Record<string, Readonly<{ sql: string; help: string }>>>
  /** Columns of SQL by label. */
  labels: Readonly<Record<string, string>>
  time: (dialect: Dialect) => string
  /** FROM and WHERE; undefined: nothing is visible. */
  from: (request: GrafanaRequest, span: Span) => string | undefined
}>

const columns = (names: string): Record<string, string> =>
  Object.fromEntries(names.split(' ').map((name) => [name, name]))
const onTime = (): string => 'time'
const scoped =
  (view: string, scopeOf: (principal: Principal, dialect: Dialect) => string | undefined, more = '') =>
  (request: GrafanaRequest, span: Span): string => {
    const scope = scopeOf(request.principal, dialectOf(request.store))
    return `FROM ${view} WHERE ${timeCondition(request, span)}${more}${scope === undefined ? '' : ` AND ${scope}`}`
  }

const sources: readonly Source[] = [
  {
    metrics: {
      weir_flow_bytes_total: { sql: 'sum(bytes_est)', help: 'Estimated bytes of flows, each flow once.' },
      weir_flow_packets_total: { sql: 'sum(packets_est)', help: 'Estimated packets of flows, each flow once.' },
      weir_flows_total: { sql: 'count(*)', help: 'Flow records, each flow once.' },
    },
    labels: columns('cluster src_namespace src_owner_kind src_owner_name dst_namespace dst_owner_kind dst_owner_name'),
    time: (dialect) => flowTimes.sql(dialect),
    from({ principal, store }, { from, to }) {
      const filter = withinScope(withSelection(everything, 'flows', { reporters: 'one' }), principal, 'flows')
      const span = { from: BigInt(from) * 1000n, to: BigInt(to + 1) * 1000n }
      return `FROM flows WHERE ${conditionOf({ names: flowNames, filter, time: flowTimes, span }, dialectOf(store))}`
    },
  },
  {
    metrics: { weir_changes_total: { sql: 'count(*)', help: 'Changes of Kubernetes objects, without noise.' } },
    labels: columns('cluster kind namespace operation'),
    time: onTime,
    from: scoped('changes', objectScope, ' AND length(noise) = 0'),
  },
  {
    metrics: { weir_audit_events_total: { sql: 'count(*)', help: 'Audit events of clouds and clusters.' } },
    labels: columns('source service action outcome severity tenant region'),
    time: onTime,
    from: scoped('audit', auditScope),
  },
  {
    metrics: { weir_kubernetes_events_total: { sql: 'count(*)', help: 'Kubernetes events.' } },
    labels: {
      cluster: "substr(split_part(ref, '/', 1), 5)",
      kind: "split_part(ref, '/', 3)",
      namespace: "split_part(ref, '/', 4)",
      type: 'type',
    },
    time: onTime,
    from: (request, span) =>
      request.principal.namespaces === undefined
        ? `FROM events WHERE family = 'k8s-event' AND ${timeCondition(request, span)}`
        : undefined,
  },
]

export const derivedMetrics: Readonly<Record<string, string>> = Object.fromEntries(
  sources.flatMap(({ metrics }) => Object.entries(metrics).map(([name, { help }]) => [name, help])),
)

const maxGroups = 200_000
const resolutions = [15_000, 60_000, 300_000, 3_600_000]
/** Samples before the range, so that the first window of a query is complete. */
const lead = 2

/** At least four samples in a window. */
function resolutionFor(window: number): number {
  return resolutions.findLast((each) => each * 4 <= window) ?? resolutions[0]!
}

export async function derivedSeries(
  request: GrafanaRequest,
  matchers: readonly Matcher[],
  span: Span,
  window: number,
): Promise<readonly Series[]> {
  const series: Series[] = []
  for (const source of sources) {
    const names = namesOf(source, matchers)
    if (names.length === 0) continue
    const step = resolutionFor(window)
    const first = (Math.floor(span.from / step) - lead) * step
    // Later samples would be incomplete, and flows that arrive late would decrease them.
    const last = Math.floor(Math.min(span.to, request.now) / step) * step
    if (last <= first) continue
    const from = source.from(request, { from: first, to: last - 1 })
    if (from === undefined) continue
    series.push(...(await countersOf(request, source, names, matchers, { from, first, last, step })))
  }
  return series
}

function namesOf({ metrics, labels }: Source, matchers: readonly Matcher[]): string[] {
  const others = matchers.filter(({ name }) => name !== metricName && labels[name] === undefined)
  if (!others.every(({ matches }) => matches(''))) return []
  const ofName = matchers.filter(({ name }) => name === metricName)
  return Object.keys(metrics).filter((name) => ofName.every(({ matches }) => matches(name)))
}

type Range = Readonly<{ from: string; first: number; last: number; step: number }>

async function countersOf(
  request: GrafanaRequest,
  { metrics, labels, time }: Source,
  names: readonly string[],
  matchers: readonly Matcher[],
  { from, first, last, step }: Range,
): Promise<Series[]> {
  const dialect = dialectOf(request.store)
  const bucket = dialect.floorDivide(dialect.micros(time(dialect)), BigInt(step) * 1000n)
  const selected = [
    `${bucket} AS bucket`,
    ...Object.entries(labels).map(([name, sql]) => `${sql} AS label_${name}`),
    ...names.map((name, at) => `CAST(${metrics[name]!.sql} AS DOUBLE) AS value_${at}`),
  ]
  const groups = ['bucket', ...Object.keys(labels).map((name) => `label_${name}`)]
  const found = await rows(
    request,
    `SELECT ${selected.join(', ')} ${from}${equalities(dialect, labels, matchers)} GROUP BY ${groups.join(', ')} ` +
      `LIMIT ${maxGroups + 1}`,
  )
  if (found.length > maxGroups)
    throw executionError(
      `the selector has more than ${maxGroups} sums; choose a shorter time, a larger step or fewer labels`,
    )
  const points = (last - first) / step
  const sums = new Map<string, { labels: LabelSet; values: number[] }>()
  for (const row of found)
    names.forEach((name, at) => {
      const set = LabelSet.of([
        ...Object.keys(labels).map((label): [string, string] => [
          label,
          (row[`label_${label}`] as string | null) ?? '',
        ]),
        [metricName, name],
      ])
      if (!matchesAll(set, matchers)) return
      const index = Number(row['bucket']) - first / step
      if (index < 0 || index >= points) return
      const known = sums.get(set.key) ?? { labels: set, values: new Array<number>(points).fill(0) }
      sums.set(set.key, known)
      if (sums.size * points > maxSamples)
        throw executionError(`the selector has more than ${maxSamples} samples; choose a shorter time or fewer labels`)
      known.values[index]! += Number(row[`value_${at}`] ?? 0)
    })
  // A sample is at the end of its step.
  const times = Array.from({ length: points }, (_, at) => first + (at + 1) * step)
  return [...sums.values()].map(({ labels: set, values }) => ({ labels: set, times, values: accumulated(values) }))
}

function equalities(dialect: Dialect, labels: Readonly<Record<string, string>>, matchers: readonly Matcher[]): string {
  return matchers
    .filter(({ name, operator, value }) => operator === '=' && value !== '' && labels[name] !== undefined)
    .map(({ name, value }) => ` AND ${labels[name]} = ${dialect.text(value)}`)
    .join('')
}

/** Begins at the sum of all: functions of counters take a small first value as a restart from zero. */
function accumulated(values: readonly number[]): number[] {
  let total = values.reduce((sum, value) => sum + value, 0)
  return values.map((value) => (total += value))
}

export async function derivedLabelSets(
  request: GrafanaRequest,
  matchers: readonly Matcher[],
  { from, to }: Span,
): Promise<readonly LabelSet[]> {
  const sets: LabelSet[] = []
  for (const source of sources) {
    const names = namesOf(source, matchers)
    if (names.length === 0) continue
    const sql = source.from(request, { from, to: Math.min(to, request.now) })
    if (sql === undefined) continue
    const selected = Object.entries(source.labels).map(([name, column]) => `${column} AS label_${name}`)
    const found = await rows(
      request,
      `SELECT DISTINCT ${selected.join(', ')} ${sql}` +
        `${equalities(dialectOf(request.store), source.labels, matchers)} LIMIT ${maxGroups}`,
    )
    for (const row of found)
      for (const name of names) {
        const texts = Object.keys(source.labels).map((label): [string, string] => [
          label,
          (row[`label_${label}`] as string | null) ?? '',
        ])
        const set = LabelSet.of([...texts, [metricName, name]])
        if (matchesAll(set, matchers)) sets.push(set)
      }
  }
  return sets
}
