import { doubleEstimates } from '../../model/computed-columns.ts'
import { duckdb, type Dialect } from '../dialect.ts'
import { columnSql, type QueryField } from '../names.ts'
import { compileSql } from '../sql.ts'
import type { HourSum } from '../../model/hour-sums.ts'
import { timeOfBinSql } from '../../model/sketch.ts'
import { boundOf, conditionOf, rowsSql, timeOfRows, withinSql, type RowQuery } from './row-query.ts'
import { hasFewValues } from './few-values.ts'
import { hourPartsSql } from './hour-groups.ts'
import type { TimeSpan } from './span.ts'
import { binnedSumsSql } from './sketch-sums.ts'
import { orderOfStat, percentileIndex, statNames, statsSql, valueSql, type Stat } from './stats.ts'

export const measures = ['bytes', 'packets', 'flows'] as const

/** Sums of reported values; rollups do not have them. */
export const furtherMeasures = ['drop_bytes', 'drop_packets'] as const
export type FurtherMeasure = (typeof furtherMeasures)[number]
export type Measure = (typeof measures)[number] | FurtherMeasure

export type Rank = Measure | Stat

export type Rollup = Readonly<{
  view: string
  span: TimeSpan
  /** SQL condition of rows without a known group: their sums are in `_rest_…`. */
  remainder?: string | undefined
  /** Sums of exactly the flows of the span, which the statement sets in `span_from` and `span_to`; without `time`. */
  isOfFlows?: true
  /** Relation with rows by bins of the field `of` and of time. */
  hasBins?: true
}>

export interface AggregateQuery extends RowQuery {
  readonly by: Rank
  readonly limit: number
  /** Measures to sum. Unset: all {@link measures}. */
  readonly sums?: readonly (typeof measures)[number][]
  readonly further?: readonly FurtherMeasure[]
  readonly of?: QueryField
  readonly rollup?: Rollup
  /** Second endpoint of a shared pass, see {@link sharedPass}. */
  readonly beside?: QueryField | undefined
  /** True: faster sums of flows that are exact while the totals are below {@link exactDoubles}. */
  readonly doubles?: boolean | undefined
  /** Sums by hour that may be read instead of the flows, see `src/model/hour-sums.ts`. Unset: all. */
  readonly hourSums?: readonly HourSum[] | undefined
}

/** Values are not negative, so that no partial sum is larger than the total. */
export const exactDoubles = 2 ** 52

type Source = Readonly<{
  view: string
  time: string
  where: string
  sums: string
  remainder: string
}>

/** `value`: SQL of the field of the statistics. */
export function sourceOf(rowQuery: AggregateQuery, dialect: Dialect, value?: string): Source {
  const { identifier: name, sum } = dialect
  const { rollup, of, sums: chosen = measures, further = [], doubles } = rowQuery
  const noRowTest = 'false'
  const estimated = (field: 'bytes' | 'packets') =>
    rollup !== undefined || doubles === undefined
      ? sum(`${field}_est`)
      : `sum(${manyEstimatesSql(field, { doubles })})::HUGEINT`
  const sums = (flows: string) =>
    [
      ...chosen.map((measure) => `${measure === 'flows' ? flows : estimated(measure)} AS "_${measure}"`),
      ...further.map((field) => `${sum(name(field))} AS "_${field}"`),
    ].join(', ')
  if (rollup === undefined)
    return {
      view: rowQuery.names.view,
      time: rowQuery.time.sql(dialect),
      where: conditionOf(rowQuery, dialect),
      sums: sums('count(*)') + (of === undefined ? '' : `, ${statsSql(value ?? valueSql(of, dialect), of, dialect)}`),
      remainder: noRowTest,
    }
  const condition = compileSql(boundOf(rowQuery), { dialect })
  return {
    view: rollup.view,
    time: rollup.hasBins === true ? timeOfBinSql : '"time"',
    where: spanSql(rollup, dialect) + (condition === 'true' ? '' : ` AND ${condition}`),
    sums: sums(sum('flows')),
    remainder: rollup.remainder ?? noRowTest,
  }
}

function spanSql({ span, isOfFlows }: Rollup, dialect: Dialect): string {
  return isOfFlows === true
    ? `span_from = ${dialect.time(span.from)} AND span_to = ${dialect.time(span.to)}`
    : withinSql('"time"', span, dialect)
}

type Sums = Pick<AggregateQuery, 'sums' | 'further' | 'doubles'>

/** SQL of an estimate from the columns of {@link summedColumns}. */
export function manyEstimatesSql(field: 'bytes' | 'packets', { doubles = false }: Pick<Sums, 'doubles'>): string {
  return doubles ? duckdb.identifier(doubleEstimates[field]) : `"${field}"::HUGEINT * coalesce("sampling", 1)`
}

export function summedMeasures({ sums = measures, further = [] }: Sums): readonly Measure[] {
  return [...sums, ...further]
}

/** The columns from which {@link sourceOf} sums many flows. */
export function summedColumns({ sums = measures, further = [], doubles }: Sums, { identifier }: Dialect = duckdb) {
  const estimated = sums.filter((measure) => measure !== 'flows')
  if (doubles === true) return [...estimated.map((measure) => doubleEstimates[measure]), ...further].map(identifier)
  return [...estimated, ...(estimated.length === 0 ? [] : ['sampling']), ...further].map(identifier)
}

function isOfManyFlows({ rollup, doubles }: AggregateQuery) {
  return rollup === undefined && doubles !== undefined
}

/** Sums by computed columns with these names, and `_lost`: the group is unknown. */
function partsSql(
  request: GroupsRequest,
  columns: readonly string[],
  names: readonly string[],
  dialect: Dialect,
): string {
  const { rollup, of } = request
  if (rollup?.hasBins === true) return binnedSql(request, columns, names, dialect)
  const scansRows = isOfManyFlows(request) && names.length > 0
  const { view, where, sums, remainder } = sourceOf(request, dialect, scansRows ? '"_of"' : undefined)
  if (!scansRows)
    return `SELECT ${[...columns, `(${remainder}) AS "_lost"`, sums].join(', ')} FROM ${view}
      WHERE ${where} GROUP BY ALL`
  const value = of === undefined ? [] : [`${valueSql(of, dialect)} AS "_of"`]
  const rows = rowsSql(request, [...columns, ...value, ...summedColumns(request, dialect)], dialect)
  return `SELECT ${[...names, 'false AS "_lost"', sums].join(', ')} FROM (${rows}) flow GROUP BY ALL`
}

function binnedSql(request: AggregateQuery, columns: readonly string[], names: readonly string[], dialect: Dialect) {
  const source = sourceOf(request, dialect)
  return binnedSumsSql({ ...source, columns, names, summed: summedMeasures(request), of: request.of?.name ?? '' })
}

const columnOfSum = { bytes: 'bytes_est', packets: 'packets_est', flows: 'flows' } as const

/** Rows folded to a level or more and their flows, all rows and their sums, and the oldest time (µs). */
export function lossSql({ view, span }: Rollup, dialect: Dialect = duckdb): string {
  const lostCounts = [1, 2, 3].map((level) => `count(*) FILTER (WHERE folded >= ${level}) AS lost_${level}`)
  const flows = [1, 2, 3].map(
    (level) => `coalesce(sum(flows) FILTER (WHERE folded >= ${level}), 0)::DOUBLE AS lost_flows_${level}`,
  )
  const totals = measures.map((measure) => `${dialect.sum(columnOfSum[measure])} AS "_all_${measure}"`)
  const columns = [
    ...lostCounts,
    ...flows,
    'coalesce(sum(flows), 0)::DOUBLE AS flows',
    'count(*)::DOUBLE AS "_rows"',
    ...totals,
  ]
  return `SELECT ${columns.join(', ')}, ${dialect.micros('min("time")')}::DOUBLE AS oldest FROM ${view}
      WHERE ${withinSql('"time"', span, dialect)}`
}

/** Maximum µs from a flow to its receipt. */
export const maxFlowDelayUs = 3_600_000_000

export interface SeriesRequest extends AggregateQuery {
  readonly step: number
  readonly group: readonly QueryField[]
}

/** Start of the bucket of a time, in µs. `step` in s. */
export function bucketSql(
  time: string,
  { step, span }: Readonly<{ step: number; span: TimeSpan }>,
  dialect: Dialect,
): string {
  const width = BigInt(step) * 1_000_000n
  const divide = span.from < 0n ? dialect.floorDivide : dialect.divide
  return `(${divide(dialect.micros(time), width)}) * ${width}`
}

/** Whether rows of a rollup are nearly as many as its groups: those by an address or endpoint. */
export function hasManyGroups({ rollup, group, further = [] }: GroupsRequest): boolean {
  const isRollup = rollup !== undefined && rollup.isOfFlows !== true && rollup.hasBins !== true
  return isRollup && further.length === 0 && !group.every(hasFewValues)
}

/** Rows of a rollup with the values `_g0` …, further columns, `_lost` and the sums `_bytes` … */
export function rollupRowsSql(request: GroupsRequest, further: readonly string[] = [], dialect = duckdb): string {
  const { view, where, remainder } = sourceOf(request, dialect)
  const values = request.group.map((field, index) => `${columnSql(field, dialect)} AS "_g${index}"`)
  const sums = (request.sums ?? measures).map((measure) => `${columnOfSum[measure]} AS "_${measure}"`)
  const columns = [...further, ...values, `(${remainder}) AS "_lost"`, ...sums]
  return `SELECT ${columns.join(', ')} FROM ${view} WHERE ${where}`
}

/** Sums in order of time. Groups after the largest are combined (_other), so that a bucket adds up to its total. */
export function seriesSql(request: SeriesRequest, dialect: Dialect = duckdb): string {
  const { step, group, limit, by, of, further = [] } = request
  const { view, time, where, sums } = sourceOf(request, dialect)
  const { identifier: name, stored } = dialect
  const ofManyFlows = isOfManyFlows(request) && of === undefined
  const timeOfRow = ofManyFlows ? timeOfRows(request.time, dialect) : time
  const bucket = `${bucketSql(timeOfRow, { step, span: request.span }, dialect)} AS "_bucket"`
  if (group.length === 0 && request.rollup?.hasBins === true)
    return `${binnedSql(request, [bucket], ['"_bucket"'], dialect)} ORDER BY 1`
  if (group.length === 0 && ofManyFlows) return `${partsSql(request, [bucket], ['"_bucket"'], dialect)} ORDER BY 1`
  if (group.length === 0) return `SELECT ${bucket}, ${sums} FROM ${view} WHERE ${where} GROUP BY 1 ORDER BY 1`
  const values = group.map((field, index) => `${columnSql(field, dialect)} AS "_g${index}"`).join(', ')
  const groups = group.map((_, index) => `"_g${index}"`)
  const list = groups.join(', ')
  const ranked = isMeasure(by) || of === undefined ? dialect.sum(`"_${by}"`) : orderOfStat(by, '"_value"', of, dialect)
  const rankedCte = rankedSql({
    columns: list,
    rank: ranked,
    from: `parts WHERE NOT "_lost" GROUP BY ${list}`,
    ties: orderedValues(group, dialect),
    rows: limit + 1,
    dialect,
  })
  const largest =
    `${stored('ranked', rankedCte)}, ` +
    `largest AS (SELECT ${list}, true AS chosen FROM ranked WHERE "_place" <= ${limit}) `
  const shownSql =
    `SELECT "_bucket", ${dialect.truth('chosen IS NULL')} AS "_other",
      ${groups.map((column) => `${chosenValue(column)} AS ${column}`).join(', ')}, ` +
    summedMeasures(request)
      .map((sum) => `${dialect.sum(`"_${sum}"`)} AS "_${sum}"`)
      .join(', ')
  const bounds = isMeasure(by) ? `, ${boundsSql(by, 'ranked', limit)}` : ''
  const joins =
    ` FROM parts LEFT JOIN largest ON NOT "_lost"
      AND ${groups.map((column) => `parts.${column} IS NOT DISTINCT FROM largest.${column}`).join(' AND ')} ` +
    `GROUP BY ALL ORDER BY "_bucket", "_other", ${ranked} DESC NULLS LAST, ` +
    groups
      .map((column, index) => {
        const value = dialect.ordered(chosenValue(column), group[index]?.kind ?? 'text')
        return value === chosenValue(column) ? index + 3 : value
      })
      .join(', ')
  // Percentiles of partial results cannot be combined.
  if (of !== undefined) {
    const parts = `SELECT ${bucket}, ${values}, false AS "_lost", bytes_est AS "_bytes", packets_est AS "_packets",
        1 AS "_flows", ${further.map((field) => `${name(field)} AS "_${field}", `).join('')}${valueSql(of, dialect)} AS
        "_value" FROM ${view} WHERE ${where}`
    const statistics = statsSql('"_value"', of, dialect)
    return `WITH ${dialect.inlined('parts', parts)}, ${largest}${shownSql}, ${statistics}${bounds}${joins}`
  }
  // A sum per bucket and group would be kept of each: the rows are read once more instead.
  if (dialect.hasParts && hasManyGroups(request))
    return `WITH ${dialect.inlined('parts', rollupRowsSql(request, [bucket]))}, ${largest}${shownSql}${bounds}${joins}`
  const parts = partsSql(request, [bucket, values], ['"_bucket"', ...groups], dialect)
  return `WITH ${stored('parts', parts)}, ${largest}${shownSql}${bounds}${joins}`
}

/** A window over all rows would sort and copy them; a star would join all addresses. */
function rankedSql({
  columns,
  rank,
  from,
  ties,
  rows,
  dialect,
}: Readonly<{
  columns: string
  rank: string
  from: string
  ties: readonly string[]
  rows: number
  dialect: Dialect
}>) {
  const byRank = '"_rank" DESC NULLS LAST'
  const order = [byRank, ...ties].join(', ')
  const ranks = `SELECT ${columns}, ${rank} AS "_rank" FROM ${from}`
  // ClickHouse would compute the texts of the addresses of all groups.
  const candidates =
    dialect.name === 'clickhouse' ? `SELECT * FROM (${ranks} ORDER BY ${byRank} LIMIT ${rows} WITH TIES)` : ranks
  return `SELECT ${columns}, "_rank", row_number() OVER (ORDER BY ${order}) AS "_place" FROM
      (${candidates} ORDER BY ${order} LIMIT ${rows})`
}

/** _rest: rows without a known group; _least: the last returned group; _next: the first omitted one. */
function boundsSql(by: Measure, ranked: string, limit: number, rest = restOf(by)) {
  return (
    `(${rest}) AS "_rest", (SELECT "_rank" FROM ${ranked}
      WHERE "_place" = least(${limit}, (SELECT count(*) FROM ${ranked}))) AS "_least", ` +
    `coalesce((SELECT "_rank" FROM ${ranked} WHERE "_place" = ${limit + 1}), 0) AS "_next"`
  )
}

function restOf(by: Measure) {
  return `SELECT coalesce(sum("_${by}") FILTER (WHERE "_lost"), 0) FROM parts`
}

export interface GroupsRequest extends AggregateQuery {
  readonly group: readonly QueryField[]
}

/** The largest groups, each with the totals _all_groups, _all_bytes …; without groups one row with a null _place. */
export function groupsSql(request: GroupsRequest, dialect: Dialect = duckdb): string {
  const { group } = request
  const values = group.map((field, index) => `${columnSql(field, dialect)} AS "_g${index}"`)
  const names = valuesOf(group)
  const parts = hoursSql(request, values, names, dialect) ?? partsSql(request, values, names, dialect)
  return `WITH ${dialect.stored('parts', parts)}, ${largestSql(request, dialect)}`
}

/** Undefined if sums of hours lack some of the request. */
function hoursSql(request: GroupsRequest, columns: readonly string[], names: readonly string[], dialect: Dialect) {
  const { rollup, of, further = [] } = request
  if (rollup !== undefined || of !== undefined || further.length > 0) return undefined
  const { sums } = sourceOf(request, dialect)
  return hourPartsSql(request, { columns, names, sums, measures: summedMeasures(request) }, dialect)
}

/** Values that {@link largestSql} returns for all groups together. */
export type AllGroups = Readonly<{
  /** Statement of a row with `_all_groups`, `_all_bytes` … */
  total: string
  /** SQL statement of `_rest`. */
  rest?: string
  /** SQL of additional columns. */
  more?: readonly string[]
}>

/** Totals over the groups in a relation. */
export function allGroupsOf(request: GroupsRequest, dialect: Dialect = duckdb, relation = 'parts'): AllGroups {
  const all = summedMeasures(request).map((sum) => `${dialect.sum(`"_${sum}"`)} AS "_all_${sum}"`)
  const count = 'count(*) FILTER (WHERE NOT "_lost") AS "_all_groups"'
  return { total: `SELECT ${[count, ...all].join(', ')} FROM ${relation}` }
}

/** The largest of the groups in the relation `parts`. */
export function largestSql(
  request: GroupsRequest,
  dialect: Dialect = duckdb,
  { total, rest, more = [] }: AllGroups = allGroupsOf(request, dialect),
): string {
  const { group, limit, by, of } = request
  const summed = summedMeasures(request)
  const rank = isMeasure(by) ? `"_${by}"` : statColumn(by)
  const listedColumns = [...summed.map((sum) => `_${sum}`), ...(of === undefined ? [] : statNames)]
    .map((column) => `"${column}"`)
    .join(', ')
  const list = valuesOf(group).join(', ')
  const ranked = rankedSql({
    columns: `${list}, ${listedColumns}`,
    rank,
    from: 'parts WHERE NOT "_lost"',
    ties: orderedValues(group, dialect),
    rows: limit + 1,
    dialect,
  })
  const totals = ['_all_groups', ...summed.map((sum) => `_all_${sum}`)].map((column) => `"${column}"`)
  const bounds = isMeasure(by) ? `, ${boundsSql(by, 'ranked', limit, rest)}` : ''
  return (
    `${dialect.stored('ranked', ranked)} ` +
    `SELECT "_place", ${list}, ${[listedColumns, ...totals, ...more].join(', ')}${bounds} ` +
    `FROM (${total}) total LEFT JOIN ranked ON "_place" <= ${limit} ORDER BY "_place"`
  )
}

function chosenValue(column: string) {
  return `CASE WHEN chosen THEN parts.${column} END`
}

export function orderedValues(group: readonly QueryField[], dialect: Dialect): readonly string[] {
  return group.map(({ kind }, index) => dialect.ordered(`"_g${index}"`, kind))
}

export function valuesOf(group: readonly QueryField[]): readonly string[] {
  return group.map((_, index) => `"_g${index}"`)
}

export function isMeasure(rank: Rank): rank is Measure {
  return (measures as readonly string[]).includes(rank) || isFurther(rank)
}

export function isFurther(rank: string): rank is FurtherMeasure {
  return (furtherMeasures as readonly string[]).includes(rank)
}

function statColumn(stat: Stat) {
  return stat.startsWith('p') ? `"_p"[${percentileIndex(stat) + 1}]` : `"_${stat}"`
}
