import type { QueryField } from '../names.ts'
import { integerSql, name } from '../sql-text.ts'
import { compileSql } from '../sql.ts'
import { boundOf, conditionOf, withinSql, type Question } from './question.ts'
import type { TimeSpan } from './span.ts'
import { orderOfStat, statNames, statsSql, valueSql, type Stat } from './stats.ts'

/** What series and topology add up in any case: estimates of what really passed, and the flows themselves. */
export const measures = ['bytes', 'packets', 'flows'] as const

/** Fields that are added up, as they were reported, where somebody asks for it. Only the flows themselves have them. */
export const furtherMeasures = ['drop_bytes', 'drop_packets'] as const
export type FurtherMeasure = (typeof furtherMeasures)[number]
export type Measure = (typeof measures)[number] | FurtherMeasure

/** What groups are the largest by. A statistic is of the field `of`. */
export type Rank = Measure | Stat

/** A view of sums that answers in place of the flows: its dimensions have the names of their fields. */
export interface Rollup {
  readonly view: string
  readonly span: TimeSpan
  /** SQL that is true for rows whose group is not known any more. Their sums are no group: `_rest_…` has them. */
  readonly remainder?: string | undefined
}

/** What is added up, whatever the groups. */
export interface SumsQuestion extends Question {
  /** The largest groups by this; all others are one. */
  readonly by: Rank
  readonly limit: number
  /** Sums beside those that are always given. */
  readonly further?: readonly FurtherMeasure[]
  /** Statistics over the flows of each group are given of this field. Only the flows themselves have them. */
  readonly of?: QueryField
  /** Without it, the flows themselves answer. */
  readonly rollup?: Rollup
}

interface Source {
  readonly view: string
  readonly time: string
  readonly where: string
  readonly sums: string
  readonly remainder: string
}

/** Names of the answer's columns: none is a field's, so that no WHERE can mean them. */
function sourceOf(question: SumsQuestion): Source {
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
 * What a rollup tells of: how many rows are folded so far or further (`lost_1`, `lost_2`, `lost_3`) and how many flows they stand for (`lost_flows_1` …), how many flows there are (`flows`), and
 * since when (`oldest`, µs). The same for every question about a span.
 */
export function lossSql({ view, span }: Rollup): string {
  const lost = [1, 2, 3].map((level) => `count(*) FILTER (WHERE folded >= ${level}) AS lost_${level}`)
  const flows = [1, 2, 3].map(
    (level) => `coalesce(sum(flows) FILTER (WHERE folded >= ${level}), 0)::DOUBLE AS lost_flows_${level}`,
  )
  return `SELECT ${[...lost, ...flows].join(', ')}, coalesce(sum(flows), 0)::DOUBLE AS flows, epoch_us(min("time"))::DOUBLE AS oldest FROM ${view} WHERE ${withinSql('"time"', span)}`
}

/** A flow’s time is at most so long before it was received, in µs. */
export const longestBefore = 3_600_000_000

export interface SeriesRequest extends SumsQuestion {
  /** Length of a bucket in seconds; buckets begin at multiples of it since 1970. */
  readonly step: number
  readonly group: readonly QueryField[]
}

/**
 * Rows of _bucket (µs), _other, _g0 …, _bytes, _packets, _flows and further sums in order of time, with `of` also its statistics; the groups that are
 * not among the largest are one with _other true, so that what a bucket's rows add up to is the bucket's total. With groups also
 * _rest, _least and _next, the same in each row: see {@link boundsSql}.
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
  const largest =
    `ranked AS MATERIALIZED (${placed({ columns: list, rank: ranked, from: `parts WHERE NOT "_lost" GROUP BY ${list}`, order: `"_rank" DESC NULLS LAST, ${list}`, rows: limit + 1 })}), ` +
    `largest AS (SELECT ${list}, true AS chosen FROM ranked WHERE "_place" <= ${limit}) `
  const shown =
    `SELECT "_bucket", chosen IS NULL AS "_other", ${groups.map((column) => `CASE WHEN chosen THEN parts.${column} END AS ${column}`).join(', ')}, ` +
    ['bytes', 'packets', 'flows', ...further].map((sum) => `sum("_${sum}") AS "_${sum}"`).join(', ')
  const bounds = isMeasure(by) ? `, ${boundsSql(by, 'ranked', limit)}` : ''
  const joined =
    ` FROM parts LEFT JOIN largest ON NOT "_lost" AND ${groups.map((column) => `parts.${column} IS NOT DISTINCT FROM largest.${column}`).join(' AND ')} ` +
    `GROUP BY ALL ORDER BY "_bucket", "_other", ${ranked} DESC NULLS LAST, ${groups.map((_, index) => index + 3).join(', ')}`
  // Percentiles of parts can't be put together: every flow is a part of its own, and they are looked at twice.
  if (of !== undefined) {
    const parts = `SELECT ${bucket}, ${values}, false AS "_lost", bytes_est AS "_bytes", packets_est AS "_packets", 1 AS "_flows", ${further.map((field) => `${name(field)} AS "_${field}", `).join('')}${valueSql(of)} AS "_value" FROM ${view} WHERE ${where}`
    return `WITH parts AS NOT MATERIALIZED (${parts}), ${largest}${shown}, ${statsSql('"_value"')}${bounds}${joined}`
  }
  // One look at the rows: buckets by group first, then those that are not among the largest become one.
  return `WITH parts AS MATERIALIZED (SELECT ${bucket}, ${values}, (${remainder}) AS "_lost", ${sums} FROM ${view} WHERE ${where} GROUP BY ALL), ${largest}${shown}${bounds}${joined}`
}

/**
 * The first `rows` of a CTE's columns, _rank, and _place, their number in the order. A window over all rows would sort and copy them all; ORDER BY with
 * LIMIT keeps only the first. Columns are listed: a star would join the names of all addresses.
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
  return `SELECT ${columns}, "_rank", row_number() OVER (ORDER BY ${order}) AS "_place" FROM (SELECT ${columns}, ${rank} AS "_rank" FROM ${from} ORDER BY ${order} LIMIT ${rows})`
}

/**
 * By what groups are ranked by: _rest, the sum of the rows whose group is not known, _least, that of the last group that is shown, and
 * _next, that of the first one that is not.
 */
function boundsSql(by: Measure, ranked: string, limit: number): string {
  return (
    `(SELECT coalesce(sum("_${by}") FILTER ("_lost"), 0) FROM parts) AS "_rest", (SELECT "_rank" FROM ${ranked} WHERE "_place" = least(${limit}, (SELECT count(*) FROM ${ranked}))) AS "_least", ` +
    `coalesce((SELECT "_rank" FROM ${ranked} WHERE "_place" = ${limit + 1}), 0) AS "_next"`
  )
}

export interface GroupsRequest extends SumsQuestion {
  readonly group: readonly QueryField[]
}

/**
 * The largest groups: _g0 …, _bytes, _packets, _flows and further sums, with `of` also its statistics; in each row the number of all groups and the sums
 * of all of them, as _all_groups, _all_bytes, _all_packets, _all_flows …; with a rank that is a sum also _rest, _least and _next: see {@link boundsSql}.
 * Rows whose group is not known count in the sums of all, and are no group. Without any group there is one row, whose _place is null.
 */
export function groupsSql(request: GroupsRequest): string {
  const { group } = request
  const { view, where, sums, remainder } = sourceOf(request)
  const values = group.map((field, index) => `${field.sql ?? name(field.name)} AS "_g${index}"`).join(', ')
  return `WITH parts AS MATERIALIZED (SELECT ${values}, (${remainder}) AS "_lost", ${sums} FROM ${view} WHERE ${where} GROUP BY ALL), ${largestSql(request)}`
}

/** SQL of the values of a group that is shown, and the CTEs (with a comma before each) and joins for them. */
interface ShownValues {
  readonly values: readonly string[]
  readonly tables: string
  readonly joins: string
}

/** What {@link groupsSql} does with its CTE `parts`. Groups smaller than `least` are not shown. */
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
  return (
    `ranked AS MATERIALIZED (${placed({ columns: `${list}, ${listed}`, rank, from, order: `${rank} DESC NULLS LAST, ${list}`, rows: limit + 1 })})${shown.tables} ` +
    `SELECT "_place", ${shown.values.join(', ')}, ${[listed, ...['_all_groups', ...summed.map((sum) => `_all_${sum}`)].map((column) => `"${column}"`)].join(', ')}${isMeasure(by) ? `, ${boundsSql(by, 'ranked', limit)}` : ''} ` +
    `FROM (SELECT count(*) FILTER (NOT "_lost") AS "_all_groups", ${all} FROM parts) total LEFT JOIN ranked ON "_place" <= ${limit} ${shown.joins}ORDER BY "_place"`
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

/** Of the columns that {@link statsSql} makes. */
function statColumn(stat: Stat): string {
  return stat.startsWith('p') ? `"_p"[${['p50', 'p90', 'p99'].indexOf(stat) + 1}]` : `"_${stat}"`
}
