import type { QueryField } from '../names.ts'
import { name } from '../sql-text.ts'
import { conditionOf, type Question } from './question.ts'

/** What series and topology add up: estimates of what really passed, and the flows themselves. */
export const measures = ['bytes', 'packets', 'flows'] as const
export type Measure = (typeof measures)[number]

/** Names of the answer's columns: none is a field's, so that no WHERE can mean them. */
const sums = 'sum(bytes_est) AS "_bytes", sum(packets_est) AS "_packets", count(*) AS "_flows"'

export interface SeriesRequest extends Question {
  /** Length of a bucket in seconds; buckets begin at multiples of it since 1970. */
  readonly step: number
  readonly group: readonly QueryField[]
  /** The largest groups by this measure over the whole span; all others are one. */
  readonly limit: number
  readonly by: Measure
}

/**
 * Rows of _bucket (µs), _other, _g0 …, _bytes, _packets, _flows in order of time; the groups that are not among the largest are one
 * with _other true, so that what a bucket's rows add up to is the bucket's total.
 */
export function seriesSql(request: SeriesRequest): string {
  const { names, time, step, group, limit, by } = request
  const width = BigInt(step) * 1_000_000n
  const bucket = `(epoch_us(${name(time)}) // ${width}) * ${width} AS "_bucket"`
  const where = conditionOf(request)
  if (group.length === 0) return `SELECT ${bucket}, ${sums} FROM ${names.view} WHERE ${where} GROUP BY 1 ORDER BY 1`
  const values = group.map((field, index) => `${name(field.name)} AS "_g${index}"`).join(', ')
  const groups = group.map((_, index) => `"_g${index}"`)
  const list = groups.join(', ')
  // One look at the rows: buckets by group first, then those that are not among the largest become one.
  return `WITH parts AS MATERIALIZED (SELECT ${bucket}, ${values}, ${sums} FROM ${names.view} WHERE ${where} GROUP BY ALL), `
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
}

/**
 * The largest edges: _s0 … of the source, _d0 … of the destination, _bytes, _packets, _flows; in each row the number of all edges and
 * the sums of all of them, as _all_edges, _all_bytes, _all_packets, _all_flows.
 */
export function topologySql(request: TopologyRequest): string {
  const { names, ends, limit, by } = request
  const values = [...ends.map(({ src }, index) => `${name(src.name)} AS "_s${index}"`), ...ends.map(({ dst }, index) => `${name(dst.name)} AS "_d${index}"`)].join(', ')
  const order = [...ends.keys()].flatMap((index) => [`"_s${index}"`, `"_d${index}"`]).join(', ')
  return `WITH edges AS MATERIALIZED (SELECT ${values}, ${sums} FROM ${names.view} WHERE ${conditionOf(request)} GROUP BY ALL) `
    + 'SELECT edges.*, total.* FROM edges, '
    + '(SELECT count(*) AS "_all_edges", sum("_bytes") AS "_all_bytes", sum("_packets") AS "_all_packets", sum("_flows") AS "_all_flows" FROM edges) total '
    + `ORDER BY "_${by}" DESC NULLS LAST, ${order} LIMIT ${limit}`
}
