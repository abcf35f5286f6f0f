import type { QueryField } from '../names.ts'
import { name } from '../sql-text.ts'
import { compileSql } from '../sql.ts'
import { boundOf, conditionOf, withinSql, type Question } from './question.ts'
import type { TimeSpan } from './span.ts'

/** What series and topology add up: estimates of what really passed, and the flows themselves. */
export const measures = ['bytes', 'packets', 'flows'] as const
export type Measure = (typeof measures)[number]

/** A view of sums that answers in place of the flows: its dimensions have the names of their fields. */
export interface Rollup {
  readonly view: string
  readonly span: TimeSpan
}

interface Source {
  readonly view: string
  readonly time: string
  readonly where: string
  readonly sums: string
}

/** Names of the answer's columns: none is a field's, so that no WHERE can mean them. */
function sourceOf(question: Question, rollup: Rollup | undefined): Source {
  const sums = (flows: string): string => `sum(bytes_est) AS "_bytes", sum(packets_est) AS "_packets", ${flows} AS "_flows"`
  if (rollup === undefined) return { view: question.names.view, time: question.time.sql, where: conditionOf(question), sums: sums('count(*)') }
  const condition = compileSql(boundOf(question))
  return { view: rollup.view, time: '"time"', where: withinSql('"time"', rollup.span) + (condition === 'true' ? '' : ` AND ${condition}`), sums: sums('sum(flows)') }
}

/** How many rows of the rollup have lost something, as `lost`. */
export function lossSql({ view, span }: Rollup, lossy: string): string {
  return `SELECT count(*) AS lost FROM ${view} WHERE ${withinSql('"time"', span)} AND ${lossy}`
}

export interface SeriesRequest extends Question {
  /** Length of a bucket in seconds; buckets begin at multiples of it since 1970. */
  readonly step: number
  readonly group: readonly QueryField[]
  /** The largest groups by this measure over the whole span; all others are one. */
  readonly limit: number
  readonly by: Measure
  /** Without it, the flows themselves answer. */
  readonly rollup?: Rollup
}

/**
 * Rows of _bucket (µs), _other, _g0 …, _bytes, _packets, _flows in order of time; the groups that are not among the largest are one
 * with _other true, so that what a bucket's rows add up to is the bucket's total.
 */
export function seriesSql(request: SeriesRequest): string {
  const { step, group, limit, by } = request
  const { view, time, where, sums } = sourceOf(request, request.rollup)
  const width = BigInt(step) * 1_000_000n
  const bucket = `(epoch_us(${time}) // ${width}) * ${width} AS "_bucket"`
  if (group.length === 0) return `SELECT ${bucket}, ${sums} FROM ${view} WHERE ${where} GROUP BY 1 ORDER BY 1`
  const values = group.map((field, index) => `${name(field.name)} AS "_g${index}"`).join(', ')
  const groups = group.map((_, index) => `"_g${index}"`)
  const list = groups.join(', ')
  // One look at the rows: buckets by group first, then those that are not among the largest become one.
  return `WITH parts AS MATERIALIZED (SELECT ${bucket}, ${values}, ${sums} FROM ${view} WHERE ${where} GROUP BY ALL), `
    + `largest AS MATERIALIZED (SELECT ${list}, true AS chosen FROM parts GROUP BY ${list} ORDER BY sum("_${by}") DESC NULLS LAST, ${list} LIMIT ${limit}) `
    + `SELECT "_bucket", chosen IS NULL AS "_other", ${groups.map((column) => `CASE WHEN chosen THEN parts.${column} END AS ${column}`).join(', ')}, `
    + 'sum("_bytes") AS "_bytes", sum("_packets") AS "_packets", sum("_flows") AS "_flows" '
    + `FROM parts LEFT JOIN largest ON ${groups.map((column) => `parts.${column} IS NOT DISTINCT FROM largest.${column}`).join(' AND ')} `
    + `GROUP BY ALL ORDER BY "_bucket", "_other", sum("_${by}") DESC NULLS LAST, ${groups.map((_, index) => index + 3).join(', ')}`
}

export interface TopologyRequest extends Question {
  /** What the ends of an edge are: pairs of fields of source and destination. */
  readonly ends: readonly { readonly src: QueryField; readonly dst: QueryField }[]
  readonly limit: number
  readonly by: Measure
  /** Without it, the flows themselves answer. */
  readonly rollup?: Rollup
}

/**
 * The largest edges: _s0 … of the source, _d0 … of the destination, _bytes, _packets, _flows; in each row the number of all edges and
 * the sums of all of them, as _all_edges, _all_bytes, _all_packets, _all_flows.
 */
export function topologySql(request: TopologyRequest): string {
  const { ends, limit, by } = request
  const { view, where, sums } = sourceOf(request, request.rollup)
  const values = [...ends.map(({ src }, index) => `${name(src.name)} AS "_s${index}"`), ...ends.map(({ dst }, index) => `${name(dst.name)} AS "_d${index}"`)].join(', ')
  const order = [...ends.keys()].flatMap((index) => [`"_s${index}"`, `"_d${index}"`]).join(', ')
  return `WITH edges AS MATERIALIZED (SELECT ${values}, ${sums} FROM ${view} WHERE ${where} GROUP BY ALL) `
    + 'SELECT edges.*, total.* FROM edges, '
    + '(SELECT count(*) AS "_all_edges", sum("_bytes") AS "_all_bytes", sum("_packets") AS "_all_packets", sum("_flows") AS "_all_flows" FROM edges) total '
    + `ORDER BY "_${by}" DESC NULLS LAST, ${order} LIMIT ${limit}`
}
