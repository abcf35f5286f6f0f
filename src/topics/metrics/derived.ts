import { dialectOf, type Dialect } from '../../query/index.ts'
import { executionError } from '../../query/metrics/failure.ts'
import { LabelSet, metricName } from '../../query/metrics/labels.ts'
import { matchesAll, type Matcher } from '../../query/metrics/matchers.ts'
import type { Series } from '../../query/metrics/values.ts'
import { readManyRows } from '../many-rows.ts'
import { allLabels, derivedSources, type DerivedSource } from './derived-sources.ts'
import type { MetricReader, MetricSpan } from './reader.ts'
import type { SumRow } from './schema.ts'

/** Maximum number of samples in memory at once. */
export const maxSamples = 5_000_000
const maxGroups = 200_000
/** Maximum label sets with details, and of their sums together. */
const [maxDetailed, maxDetailedSums] = [1000, 100_000]
const otherGroup = 'other'
const resolutions = [15_000, 60_000, 300_000, 3_600_000]
/** Samples before the range, so that the first window of a query is complete. */
const lead = 2

/** Resolution with at least four samples in a window. */
function resolutionFor(window: number): number {
  return resolutions.findLast((resolution) => resolution * 4 <= window) ?? resolutions[0]!
}

export async function derivedSeries(
  reader: MetricReader,
  matchers: readonly Matcher[],
  span: MetricSpan,
  window: number,
): Promise<readonly Series[]> {
  const series: Series[] = []
  for (const source of derivedSources) {
    const names = namesOf(source, matchers)
    if (names.length === 0) continue
    const step = resolutionFor(window)
    const first = (Math.floor(span.from / step) - lead) * step
    // Samples after this time would be incomplete, and flows that arrive late would decrease them.
    const last = Math.floor(Math.min(span.to, reader.now) / step) * step
    if (last <= first) continue
    const from = source.from(reader, { from: first, to: last - 1 })
    if (from === undefined) continue
    series.push(...(await countersOf(reader, source, names, matchers, { from, first, last, step })))
  }
  return series
}

function namesOf(source: DerivedSource, matchers: readonly Matcher[]): string[] {
  const { metrics } = source
  const labels = allLabels(source)
  const otherMatchers = matchers.filter(({ name }) => name !== metricName && labels[name] === undefined)
  if (!otherMatchers.every(({ matches }) => matches(''))) return []
  const ofName = matchers.filter(({ name }) => name === metricName)
  return Object.keys(metrics).filter((name) => ofName.every(({ matches }) => matches(name)))
}

type Range = Readonly<{ from: string; first: number; last: number; step: number }>

async function countersOf(
  reader: MetricReader,
  source: DerivedSource,
  names: readonly string[],
  matchers: readonly Matcher[],
  { from, first, last, step }: Range,
): Promise<Series[]> {
  const dialect = dialectOf(reader.store)
  const { metrics, time } = source
  const labels = allLabels(source)
  const bucket = dialect.floorDivide(dialect.micros(time(dialect)), BigInt(step) * 1000n)
  const points = (last - first) / step
  const selected = [
    `${bucket} AS bucket`,
    ...Object.entries(labels).map(([name, sql]) => `coalesce(${sql}, '') AS label_${name}`),
    ...names.map((name, at) => `CAST(${metrics[name]!.sql} AS DOUBLE) AS value_${at}`),
  ]
  const rowsOfSums = await readManyRows<SumRow>(
    reader,
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
  source: DerivedSource,
  sums: string,
  values: number,
  { matchers, sets }: Readonly<{ matchers: readonly Matcher[]; sets: number }>,
): string {
  const limit = `LIMIT ${maxGroups + maxDetailedSums + 1}`
  if (source.details === undefined) return `${sums} ${limit}`
  const all = Object.keys(allLabels(source)).map((name) => `label_${name}`)
  const fixedLabels = new Set(
    matchers.filter(({ operator, value }) => operator === '=' && value !== otherGroup).map(({ name }) => name),
  )
  const shownLabels = Object.keys(allLabels(source)).map((name) => {
    const isKept = source.labels[name] !== undefined || fixedLabels.has(name)
    return isKept
      ? `label_${name}`
      : `CASE WHEN place <= ${sets} THEN label_${name} ELSE '${otherGroup}' END AS label_${name}`
  })
  const totals = Array.from({ length: values }, (_, at) => `sum(value_${at}) AS value_${at}`)
  const order = ['sum(value_0) DESC', ...all].join(', ')
  return (
    `WITH sums AS MATERIALIZED (${sums}), ranked AS ` +
    `(SELECT ${all.join(', ')}, row_number() OVER (ORDER BY ${order}) AS place FROM sums GROUP BY ${all.join(', ')}) ` +
    `SELECT bucket, ${[...shownLabels, ...totals].join(', ')} FROM sums JOIN ranked USING (${all.join(', ')}) ` +
    `GROUP BY ALL ${limit}`
  )
}

function equalities(dialect: Dialect, labels: Readonly<Record<string, string>>, matchers: readonly Matcher[]): string {
  return matchers
    .filter(
      ({ name, operator, value }) =>
        operator === '=' && value !== '' && value !== otherGroup && labels[name] !== undefined,
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
  reader: MetricReader,
  matchers: readonly Matcher[],
  { from, to }: MetricSpan,
): Promise<readonly LabelSet[]> {
  const sets: LabelSet[] = []
  for (const source of derivedSources) {
    const names = namesOf(source, matchers)
    if (names.length === 0) continue
    const sql = source.from(reader, { from, to: Math.min(to, reader.now) })
    if (sql === undefined) continue
    const condition = `${sql}${equalities(dialectOf(reader.store), allLabels(source), matchers)}`
    const weight = Object.values(source.metrics)[0]!.sql
    for (const [labels, end] of [
      [source.labels, `LIMIT ${maxGroups}`],
      ...(source.details === undefined ? [] : [[allLabels(source), `ORDER BY ${weight} DESC LIMIT ${maxDetailed}`]]),
    ] as [DerivedSource['labels'], string][]) {
      const selected = Object.entries(labels).map(([name, column]) => `${column} AS label_${name}`)
      const groups = selected.map((_, at) => at + 1)
      const rowsOfSums = await readManyRows<SumRow>(
        reader,
        `SELECT ${selected.join(', ')} ${condition} GROUP BY ${groups.join(', ')} ${end}`,
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

/** Names of metrics with rows in the span. `matchers`: of names only, so that one row of a source suffices. */
export async function derivedNames(
  reader: MetricReader,
  matchers: readonly Matcher[],
  { from, to }: MetricSpan,
): Promise<readonly string[]> {
  const all: string[] = []
  for (const source of derivedSources) {
    const names = namesOf(source, matchers)
    const sql = names.length === 0 ? undefined : source.from(reader, { from, to: Math.min(to, reader.now) })
    if (sql === undefined) continue
    const anyRow = await readManyRows<SumRow>(reader, `SELECT 1 AS one ${sql} LIMIT 1`)
    if (anyRow.length > 0) all.push(...names)
  }
  return all
}

function textsIn(row: SumRow, labels: DerivedSource['labels']): [string, string][] {
  return Object.keys(labels).map((label) => [label, (row[`label_${label}`] as string | null) ?? ''])
}
