import type { QueryField } from '../names.ts'
import { integerSql, name } from '../sql-text.ts'
import { compileSql } from '../sql.ts'
import { boundOf, conditionOf, withinSql, type RowQuery } from './row-query.ts'
import type { TimeSpan } from './span.ts'
import { orderOfStat, statNames, statsSql, valueSql, type Stat } from './stats.ts'

/** Sums of series and topology: estimated bytes and packets, and flows. */
export const measures = ['bytes', 'packets', 'flows'] as const

/** Optional sums of reported values; only flows have them, rollups do not. */
export const furtherMeasures = ['drop_bytes', 'drop_packets'] as const
export type FurtherMeasure = (typeof furtherMeasures)[number]
export type Measure = (typeof measures)[number] | FurtherMeasure

/** Ranking of groups. A statistic is of the field `of`. */
export type Rank = Measure | Stat

/** A view of sums in place of flows; its dimensions are named like their fields. */
export interface Rollup {
  readonly view: string
  readonly span: TimeSpan
  /** SQL condition of rows whose group is unknown. Their sums are in `_rest_…`. */
  readonly remainder?: string | undefined
}

export interface AggregateQuery extends RowQuery {
  /** Rank of groups; those after the largest are combined. */
  readonly by: Rank
  readonly limit: number
  readonly further?: readonly FurtherMeasure[]
  /** Field for statistics over the flows of each group; not available in rollups. */
  readonly of?: QueryField
  readonly rollup?: Rollup
}

interface Source {
  readonly view: string
  readonly time: string
  readonly where: string
  readonly sums: string
  readonly remainder: string
}

/** Result columns; their names differ from fields, so that no WHERE can refer to them. */
function sourceOf(question: AggregateQuery): Source {
  const { rollup, of, further = [] } = question
  const none = 'false'
  const more = further.map((field) => `, sum(${name(field)}) AS "_${field}"`).join('')
  const sums = (flows: string): string =>
    `sum(bytes_est) AS "_bytes", sum(packets_est) AS "_packets", ${flows} AS "_flows"${more}`
  if (rollup === undefined)
    return {
      view: question.names.view,
      time: question.time.sql,
      where: conditionOf(question),
      sums: sums('count(*)') + (of === undefined ? '' : `, ${statsSql(valueSql(of))}`),
      remainder: none,
    }
  const condition = compileSql(boundOf(question))
  return {
    view: rollup.view,
    time: '"time"',
    where: withinSql('"time"', rollup.span) + (condition === 'true' ? '' : ` AND ${condition}`),
    sums: sums('sum(flows)'),
    remainder: rollup.remainder ?? none,
  }
}

/**
 * Detail loss of a rollup in a span: rows folded to a level or more (`lost_1`, `lost_2`, `lost_3`) and their flows
 * (`lost_flows_1` …), all flows (`flows`), and the oldest time (`oldest`, µs). Depends only on the span.
 */
export function lossSql({ view, span }: Rollup): string {
  const lost = [1, 2, 3].map((level) => `count(*) FILTER (WHERE folded >= ${level}) AS lost_${level}`)
  const flows = [1, 2, 3].map(
    (level) => `coalesce(sum(flows) FILTER (WHERE folded >= ${level}), 0)::DOUBLE AS lost_flows_${level}`,
  )
  return `SELECT ${[...lost, ...flows].join(', ')}, coalesce(sum(flows), 0)::DOUBLE AS flows,
      epoch_us(min("time"))::DOUBLE AS oldest FROM ${view} WHERE ${withinSql('"time"', span)}`
}

/** Maximum time from a flow to its receipt, in µs. */
export const maxFlowDelayUs = 3_600_000_000

export interface SeriesRequest extends AggregateQuery {
  /** Bucket length in seconds; buckets begin at multiples of it since 1970. */
  readonly step: number
  readonly group: readonly QueryField[]
}

/**
 * Rows of _bucket (µs), _other, _g0 …, _bytes, _packets, _flows and further sums in order of time, with `of` also
 * statistics. Groups that are not among the largest are combined with _other true, so that the rows of a bucket add up
 * to its total. With groups also _rest, _least and _next, constant over rows: see {@link boundsSql}.
 */
export function seriesSql(request: SeriesRequest): string {
  const { step, group, limit, by, of, further = [] } = request
  const { view, time, where, sums, remainder } = sourceOf(request)
  const width = BigInt(step) * 1_000_000n
  const bucket = `(epoch_us(${time}) // ${width}) * ${width} AS "_bucket"`
  if (group.length === 0) return `SELECT ${bucket}, ${sums} FROM ${view} WHERE ${where} GROUP BY 1 ORDER BY 1`
  const values = group.map((field, index) => `${field.sql ?? name(field.name)} AS "_g${index}"`).join(', ')
  const groups = group.map((_, index) => `"_g${index}"`)
  const list = groups.join(', ')
  const ranked = isMeasure(by) ? `sum("_${by}")` : orderOfStat(by, '"_value"')
  const places = placed({
    columns: list,
    rank: ranked,
    from: `parts WHERE NOT "_lost" GROUP BY ${list}`,
    order: `"_rank" DESC NULLS LAST, ${list}`,
    rows: limit + 1,
  })
  const largest =
    `ranked AS MATERIALIZED (${places}), ` +
    `largest AS (SELECT ${list}, true AS chosen FROM ranked WHERE "_place" <= ${limit}) `
  const shown =
    `SELECT "_bucket", chosen IS NULL AS "_other",
      ${groups.map((column) => `CASE WHEN chosen THEN parts.${column} END AS ${column}`).join(', ')}, ` +
    ['bytes', 'packets', 'flows', ...further].map((sum) => `sum("_${sum}") AS "_${sum}"`).join(', ')
  const bounds = isMeasure(by) ? `, ${boundsSql(by, 'ranked', limit)}` : ''
  const joined =
    ` FROM parts LEFT JOIN largest ON NOT "_lost"
      AND ${groups.map((column) => `parts.${column} IS NOT DISTINCT FROM largest.${column}`).join(' AND ')} ` +
    `GROUP BY ALL ORDER BY "_bucket", "_other", ${ranked} DESC NULLS LAST, ` +
    groups.map((_, index) => index + 3).join(', ')
  // Percentiles of parts cannot be combined: every flow is a part, and parts are read twice.
  if (of !== undefined) {
    const parts = `SELECT ${bucket}, ${values}, false AS "_lost", bytes_est AS "_bytes", packets_est AS "_packets",
        1 AS "_flows", ${further.map((field) => `${name(field)} AS "_${field}", `).join('')}${valueSql(of)} AS
        "_value" FROM ${view} WHERE ${where}`
    return `WITH parts AS NOT MATERIALIZED (${parts}), ${largest}${shown}, ${statsSql('"_value"')}${bounds}${joined}`
  }
  // One scan: buckets by group, then all but the largest groups are combined.
  return `WITH parts AS MATERIALIZED (SELECT ${bucket}, ${values}, (${remainder}) AS "_lost", ${sums} FROM ${view}
      WHERE ${where} GROUP BY ALL), ${largest}${shown}${bounds}${joined}`
}

/**
 * The first `rows` of a CTE's columns with _rank and _place, their number in the order. A window over all rows would
 * sort and copy them; ORDER BY with LIMIT retains only the first. Columns are listed, because a star would join all
 * addresses.
 */
function placed({
  columns,
  rank,
  from,
  order,
  rows,
}: {
  readonly columns: string
  readonly rank: string
  readonly from: string
  readonly order: string
  readonly rows: number
}): string {
  return `SELECT ${columns}, "_rank", row_number() OVER (ORDER BY ${order}) AS "_place" FROM
      (SELECT ${columns}, ${rank} AS "_rank" FROM ${from} ORDER BY ${order} LIMIT ${rows})`
}

/**
 * In the ranking measure: _rest, the sum of rows without a known group; _least, the last returned group; _next, the
 * first omitted one.
 */
function boundsSql(by: Measure, ranked: string, limit: number): string {
  return (
    `(SELECT coalesce(sum("_${by}") FILTER ("_lost"), 0) FROM parts) AS "_rest", (SELECT "_rank" FROM ${ranked}
      WHERE "_place" = least(${limit}, (SELECT count(*) FROM ${ranked}))) AS "_least", ` +
    `coalesce((SELECT "_rank" FROM ${ranked} WHERE "_place" = ${limit + 1}), 0) AS "_next"`
  )
}

export interface GroupsRequest extends AggregateQuery {
  readonly group: readonly QueryField[]
}

/**
 * The largest groups: _g0 …, _bytes, _packets, _flows and further sums, with `of` also statistics. Each row has the
 * number of groups and their total sums as _all_groups, _all_bytes, _all_packets, _all_flows …; if ranked by a sum also
 * _rest, _least and _next: see {@link boundsSql}. Rows without a known group count only in the totals. Without groups
 * there is one row with a null _place.
 */
export function groupsSql(request: GroupsRequest): string {
  const { group } = request
  const { view, where, sums, remainder } = sourceOf(request)
  const values = group.map((field, index) => `${field.sql ?? name(field.name)} AS "_g${index}"`).join(', ')
  return `WITH parts AS MATERIALIZED (SELECT ${values}, (${remainder}) AS "_lost", ${sums} FROM ${view}
      WHERE ${where} GROUP BY ALL), ${largestSql(request)}`
}

/** SQL of the values of a returned group, with CTEs (each after a comma) and joins. */
interface ShownValues {
  readonly values: readonly string[]
  readonly tables: string
  readonly joins: string
}

/** The part of {@link groupsSql} after its CTE `parts`. Omits groups smaller than `least`. */
export function largestSql(
  { group, limit, by, of, further = [] }: GroupsRequest,
  shown: ShownValues = { values: valuesOf(group), tables: '', joins: '' },
  least?: bigint,
): string {
  const summed = ['bytes', 'packets', 'flows', ...further]
  const all = summed.map((sum) => `sum("_${sum}") AS "_all_${sum}"`).join(', ')
  const rank = isMeasure(by) ? `"_${by}"` : statColumn(by)
  const listed = [...summed.map((sum) => `_${sum}`), ...(of === undefined ? [] : statNames)]
    .map((column) => `"${column}"`)
    .join(', ')
  const list = valuesOf(group).join(', ')
  const from = `parts WHERE NOT "_lost"${least === undefined ? '' : ` AND ${rank} >= ${integerSql(least, 'HUGEINT')}`}`
  const order = `${rank} DESC NULLS LAST, ${list}`
  const ranked = placed({ columns: `${list}, ${listed}`, rank, from, order, rows: limit + 1 })
  const totals = ['_all_groups', ...summed.map((sum) => `_all_${sum}`)].map((column) => `"${column}"`)
  const bounds = isMeasure(by) ? `, ${boundsSql(by, 'ranked', limit)}` : ''
  return (
    `ranked AS MATERIALIZED (${ranked})${shown.tables} ` +
    `SELECT "_place", ${shown.values.join(', ')}, ${[listed, ...totals].join(', ')}${bounds} ` +
    `FROM (SELECT count(*) FILTER (NOT "_lost") AS "_all_groups", ${all} FROM parts) total LEFT
      JOIN ranked ON "_place" <= ${limit} ${shown.joins}ORDER BY "_place"`
  )
}

function valuesOf(group: readonly QueryField[]): readonly string[] {
  return group.map((_, index) => `"_g${index}"`)
}

export function isMeasure(rank: Rank): rank is Measure {
  return (measures as readonly string[]).includes(rank) || isFurther(rank)
}

export function isFurther(rank: string): rank is FurtherMeasure {
  return (furtherMeasures as readonly string[]).includes(rank)
}

function statColumn(stat: Stat): string {
  return stat.startsWith('p') ? `"_p"[${['p50', 'p90', 'p99'].indexOf(stat) + 1}]` : `"_${stat}"`
}
