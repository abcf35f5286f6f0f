/** Counters over flows, changes, audit events and Kubernetes events. */
import { dialectOf, everything, flowNames, type Dialect } from '../../query/index.ts'
import { conditionOf } from '../../query/plan/index.ts'
import { executionError } from '../../query/metrics/failure.ts'
import { LabelSet, metricName } from '../../query/metrics/labels.ts'
import { matchesAll, type Matcher } from '../../query/metrics/matchers.ts'
import type { Series } from '../../query/metrics/values.ts'
import { auditScope, objectScope, withinScope } from '../../topics/scope.ts'
import type { Principal } from '../access/principal.ts'
import { flowTimes } from '../../query/plan/index.ts'
import { withSelection } from '../row-selection.ts'
import { maxSamples, type GrafanaRequest } from './answer.ts'
import { rows, timeCondition, type Span } from './rows.ts'

type Source = Readonly<{
  metrics: Readonly<Record<string, Readonly<{ sql: string; help: string }>>>
  /** Columns of SQL by label. */
  labels: Readonly<Record<string, string>>
  /** Further columns: only the largest label sets have them, those of the rest are `other`. */
  details?: Readonly<Record<string, string>>
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

const asText = (column: string): string => `CAST(${column} AS VARCHAR)`
const flowDetails: Readonly<Record<string, string>> = {
  exporter: 'exporter_addr',
  in_interface: `coalesce(in_if_name, ${asText('in_if')})`,
  out_interface: `coalesce(out_if_name, ${asText('out_if')})`,
  protocol: `CASE proto WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' WHEN 1 THEN 'icmp' ELSE ${asText('proto')} END`,
  service_port: asText('service_port'),
  src_network: 'src_network',
  dst_network: 'dst_network',
  src_country: 'src_country',
  dst_country: 'dst_country',
  src_as: asText('src_as'),
  dst_as: asText('dst_as'),
}

const sources: readonly Source[] = [
  {
    metrics: {
      weir_flow_bytes_total: { sql: 'sum(bytes_est)', help: 'Estimated bytes of flows, each flow once.' },
      weir_flow_packets_total: { sql: 'sum(packets_est)', help: 'Estimated packets of flows, each flow once.' },
      weir_flows_total: { sql: 'count(*)', help: 'Flow records, each flow once.' },
    },
    labels: columns('cluster src_namespace src_owner_kind src_owner_name dst_namespace dst_owner_kind dst_owner_name'),
    details: flowDetails,
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
/** Label sets with details, and their sums together. */
const [maxDetailed, maxDetailedSums] = [1000, 100_000]
const rest = 'other'
const resolutions = [15_000, 60_000, 300_000, 3_600_000]
/** Samples before the range, so that the first window of a query is complete. */
const lead = 2

/** At least four samples in a window. */
function resolutionFor(window: number): number {
  return resolutions.findLast((resolution) => resolution * 4 <= window) ?? resolutions[0]!
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

const allLabels = ({ labels, details = {} }: Source): Readonly<Record<string, string>> => ({ ...labels, ...details })

function namesOf(source: Source, matchers: readonly Matcher[]): string[] {
  const { metrics } = source
  const labels = allLabels(source)
  const others = matchers.filter(({ name }) => name !== metricName && labels[name] === undefined)
  if (!others.every(({ matches }) => matches(''))) return []
  const ofName = matchers.filter(({ name }) => name === metricName)
  return Object.keys(metrics).filter((name) => ofName.every(({ matches }) => matches(name)))
}

type Range = Readonly<{ from: string; first: number; last: number; step: number }>

async function countersOf(
  request: GrafanaRequest,
  source: Source,
  names: readonly string[],
  matchers: readonly Matcher[],
  { from, first, last, step }: Range,
): Promise<Series[]> {
  const dialect = dialectOf(request.store)
  const { metrics, time } = source
  const labels = allLabels(source)
  const bucket = dialect.floorDivide(dialect.micros(time(dialect)), BigInt(step) * 1000n)
  const points = (last - first) / step
  const selected = [
    `${bucket} AS bucket`,
    ...Object.entries(labels).map(([name, sql]) => `coalesce(${sql}, '') AS label_${name}`),
    ...names.map((name, at) => `CAST(${metrics[name]!.sql} AS DOUBLE) AS value_${at}`),
  ]
  const rowsOfSums = await rows(
    request,
    bounded(
      source,
      `SELECT ${selected.join(', ')} ${from}${equalities(dialect, labels, matchers)} GROUP BY ALL`,
      names.length,
      { matchers, sets: Math.min(maxDetailed, Math.floor(maxDetailedSums / points)) },
    ),
  )
  if (rowsOfSums.length > maxGroups + maxDetailedSums)
    throw executionError(
      `the selector has more than ${maxGroups} sums; choose a shorter time, a larger step or fewer labels`,
    )
  const sums = new Map<string, { labels: LabelSet; values: number[] }>()
  for (const row of rowsOfSums)
    names.forEach((name, at) => {
      const set = LabelSet.of([...textsIn(row, labels), [metricName, name]])
      if (!matchesAll(set, matchers)) return
      const index = Number(row['bucket']) - first / step
      if (index < 0 || index >= points) return
      const sum = sums.get(set.key) ?? { labels: set, values: new Array<number>(points).fill(0) }
      sums.set(set.key, sum)
      if (sums.size * points > maxSamples)
        throw executionError(`the selector has more than ${maxSamples} samples; choose a shorter time or fewer labels`)
      sum.values[index]! += Number(row[`value_${at}`] ?? 0)
    })
  // A sample is at the end of its step.
  const times = Array.from({ length: points }, (_, at) => first + (at + 1) * step)
  return [...sums.values()].map(({ labels: set, values }) => ({ labels: set, times, values: accumulated(values) }))
}

/** A label that a matcher names exactly is not replaced, so that the rest still matches. */
function bounded(
  source: Source,
  sums: string,
  values: number,
  { matchers, sets }: Readonly<{ matchers: readonly Matcher[]; sets: number }>,
): string {
  const limit = `LIMIT ${maxGroups + maxDetailedSums + 1}`
  if (source.details === undefined) return `${sums} ${limit}`
  const all = Object.keys(allLabels(source)).map((name) => `label_${name}`)
  const fixed = new Set(
    matchers.filter(({ operator, value }) => operator === '=' && value !== rest).map(({ name }) => name),
  )
  const shown = Object.keys(allLabels(source)).map((name) => {
    const isKept = source.labels[name] !== undefined || fixed.has(name)
    return isKept
      ? `label_${name}`
      : `CASE WHEN place <= ${sets} THEN label_${name} ELSE '${rest}' END AS label_${name}`
  })
  const totals = Array.from({ length: values }, (_, at) => `sum(value_${at}) AS value_${at}`)
  const order = ['sum(value_0) DESC', ...all].join(', ')
  return (
    `WITH sums AS MATERIALIZED (${sums}), ranked AS ` +
    `(SELECT ${all.join(', ')}, row_number() OVER (ORDER BY ${order}) AS place FROM sums GROUP BY ${all.join(', ')}) ` +
    `SELECT bucket, ${[...shown, ...totals].join(', ')} FROM sums JOIN ranked USING (${all.join(', ')}) ` +
    `GROUP BY ALL ${limit}`
  )
}

function equalities(dialect: Dialect, labels: Readonly<Record<string, string>>, matchers: readonly Matcher[]): string {
  return matchers
    .filter(
      ({ name, operator, value }) => operator === '=' && value !== '' && value !== rest && labels[name] !== undefined,
    )
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
    const where = `${sql}${equalities(dialectOf(request.store), allLabels(source), matchers)}`
    const weight = Object.values(source.metrics)[0]!.sql
    for (const [labels, end] of [
      [source.labels, `LIMIT ${maxGroups}`],
      ...(source.details === undefined ? [] : [[allLabels(source), `ORDER BY ${weight} DESC LIMIT ${maxDetailed}`]]),
    ] as [Source['labels'], string][]) {
      const selected = Object.entries(labels).map(([name, column]) => `${column} AS label_${name}`)
      const groups = selected.map((_, at) => at + 1)
      const rowsOfSums = await rows(
        request,
        `SELECT ${selected.join(', ')} ${where} GROUP BY ${groups.join(', ')} ${end}`,
      )
      for (const row of rowsOfSums)
        for (const name of names) {
          const set = LabelSet.of([...textsIn(row, labels), [metricName, name]])
          if (matchesAll(set, matchers)) sets.push(set)
        }
    }
  }
  return sets
}

function textsIn(row: Record<string, unknown>, labels: Source['labels']): [string, string][] {
  return Object.keys(labels).map((label) => [label, (row[`label_${label}`] as string | null) ?? ''])
}
