/** Series of points in the store. */
import { familyOf } from '../../codecs/samples/index.ts'
import { parseExact } from '../../model/exact-json.ts'
import type { PointData } from '../../model/points.ts'
import { dialectOf, type Dialect } from '../../query/index.ts'
import { executionError } from '../../query/metrics/failure.ts'
import { LabelSet, metricName } from '../../query/metrics/labels.ts'
import { matchesAll, type Matcher } from '../../query/metrics/matchers.ts'
import type { Series } from '../../query/metrics/values.ts'
import { readManyRows } from '../many-rows.ts'
import { timeCondition, type MetricReader, type MetricSpan } from './reader.ts'
import type { LabelsRow, MetadataRow, Metric, PointRow } from './schema.ts'

/** Rows are objects in memory until they are samples. */
const maxRows = 500_000

type PointSeries = { labels: LabelSet; times: number[]; values: number[]; stale: Set<number> }

export async function pointSeries(
  reader: MetricReader,
  matchers: readonly Matcher[],
  span: MetricSpan,
): Promise<readonly Series[]> {
  // Points have no namespace.
  if (reader.viewer.namespaces !== undefined) return []
  const dialect = dialectOf(reader.store)
  const rows = await readManyRows<PointRow>(
    reader,
    `SELECT ${dialect.micros('time')} AS us, data FROM events WHERE ${pointConditions(dialect, matchers, span)} ` +
      `ORDER BY time, _pos LIMIT ${maxRows + 1}`,
  )
  if (rows.length > maxRows)
    throw executionError(`the selector reads more than ${maxRows} points; choose a shorter time or fewer labels`)
  const series = new Map<string, PointSeries>()
  for (const { us, data } of rows) addPoint(series, Number(us), data, matchers)
  return [...series.values()]
}

/** Of the name: of a series, or of a measurement with further fields. */
function pointConditions(dialect: Dialect, matchers: readonly Matcher[], span: MetricSpan): string {
  const { text, jsonText } = dialect
  const conditions = ["family = 'point'", timeCondition(dialect, span)]
  for (const { name, operator, value: given } of matchers) {
    const values = operator === '=' ? [given] : operator === '=~' ? alternatives(given) : []
    if (values.length === 0 || values.includes('')) continue
    if (name === metricName) conditions.push(`(${values.map((value) => ofMetric(text(value))).join(' OR ')})`)
    else if (/^[a-zA-Z_]\w*$/.test(name))
      conditions.push(`${jsonText('data', ['labels', name])} IN (${values.map(text).join(', ')})`)
  }
  return conditions.join(' AND ')
}

const ofMetric = (value: string): string => `subject = ${value} OR starts_with(${value}, subject || '_')`

/** Texts of an expression that only lists texts, as dashboards write selected values; none of another expression. */
function alternatives(expression: string): readonly string[] {
  return /^(?:[\w/:@ -]|\\[.])+(?:\|(?:[\w/:@ -]|\\[.])+)*$/.test(expression)
    ? expression.replaceAll('\\.', '.').split('|')
    : []
}

function seriesName(name: string, field: string): string {
  return field === 'value' ? name : `${name}_${field}`
}

function addPoint(series: Map<string, PointSeries>, us: number, data: unknown, matchers: readonly Matcher[]) {
  const point = bodyOf(data)
  if (point === undefined) return
  const { name, labels = {}, fields, special = {} } = point
  const time = Math.floor(us / 1000)
  const add = (field: string, value: number, kind: 'sample' | 'stale'): void => {
    const key = JSON.stringify([name, field, labels])
    let points = series.get(key)
    if (points === undefined) {
      const set = LabelSet.of({ ...labels, [metricName]: seriesName(name, field) })
      if (!matchesAll(set, matchers)) return
      series.set(key, (points = { labels: set, times: [], values: [], stale: new Set() }))
    }
    // The last of several samples of one time is its correction.
    const isSame = points.times.at(-1) === time
    const at = isSame ? points.times.length - 1 : points.times.length
    points.times[at] = time
    points.values[at] = value
    if (kind === 'stale') points.stale.add(at)
    else points.stale.delete(at)
  }
  for (const [field, value] of Object.entries(fields))
    if (typeof value !== 'string') add(field, Number(value), 'sample')
  for (const [field, written] of Object.entries(special))
    add(field, specialValues[written], written === 'stale' ? 'stale' : 'sample')
}

const specialValues = { NaN, '+Inf': Infinity, '-Inf': -Infinity, stale: NaN } as const

function bodyOf(data: unknown): PointData | undefined {
  try {
    const body = (typeof data === 'string' ? parseExact(data) : data) as Partial<PointData> | null
    if (typeof body?.name !== 'string' || typeof body.fields !== 'object') return undefined
    return body as PointData
  } catch {
    return undefined
  }
}

/** Names of fields that are no texts, in the SQL of DuckDB. */
const numbers =
  "list_filter(json_keys(data, '$.fields'), lambda field: json_type(json_extract(data, " +
  "concat('/fields/', replace(replace(field, '~', '~0'), '/', '~1')))) <> 'VARCHAR')"

export async function pointLabelSets(
  reader: MetricReader,
  matchers: readonly Matcher[],
  span: MetricSpan,
): Promise<readonly LabelSet[]> {
  if (reader.viewer.namespaces !== undefined) return []
  const dialect = dialectOf(reader.store)
  const rows = await readManyRows<LabelsRow>(
    reader,
    `SELECT subject, ${dialect.asText(dialect.jsonMember('data', 'labels'))} AS labels, ` +
      `${dialect.merged(`list_concat(${numbers}, json_keys(data, '$.special'))`)} AS fields FROM events ` +
      `WHERE ${pointConditions(dialect, matchers, span)} GROUP BY ALL ORDER BY ALL`,
  )
  return rows.flatMap(({ subject, labels, fields }) => {
    const texts = (typeof labels === 'string' ? JSON.parse(labels) : {}) as Record<string, string>
    return (fields as string[])
      .map((field) => LabelSet.of({ ...texts, [metricName]: seriesName(String(subject), field) }))
      .filter((set) => matchesAll(set, matchers))
  })
}

const usualSpan = 3_600_000

/** By metric, of the last hour. */
export async function receivedMetadata(reader: MetricReader): Promise<readonly Metric[]> {
  if (reader.viewer.namespaces !== undefined) return []
  const dialect = dialectOf(reader.store)
  const member = (name: string): string => `coalesce(${dialect.jsonText('data', [name])}, '')`
  const span = { from: reader.now - usualSpan, to: reader.now }
  const rows = await readManyRows<MetadataRow>(
    reader,
    `SELECT subject, ${member('kind')} AS kind, ${member('unit')} AS unit, max(${member('help')}) AS help ` +
      `FROM events WHERE ${pointConditions(dialect, [], span)} GROUP BY ALL ORDER BY ALL`,
  )
  const metrics = new Map<string, { -readonly [Key in keyof Metric]: Metric[Key] }>()
  for (const { subject, kind, unit, help } of rows) {
    const name = familyOf(String(subject), String(kind))
    const type = kind === '' ? 'unknown' : String(kind)
    const key = JSON.stringify([name, type, unit])
    const metric = metrics.get(key) ?? { name, type, help: '', unit: String(unit) }
    metrics.set(key, metric)
    metric.help ||= String(help)
  }
  return [...metrics.values()]
}
