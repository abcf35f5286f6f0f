/** Groups by address for many flows: summed by the ids in files, in parts to bound memory, and named afterwards. */
import { estimatedCountSql } from '../../model/distinct-estimate.ts'
import { duckdb } from '../dialect.ts'
import { columnSql, type QueryField } from '../names.ts'
import { compileSql } from '../sql.ts'
import { idCounts, idCountsSql, stillSingleSql, textsOfIdsSql, withFirstIds, type SingleIds } from './endpoint-ids.ts'
import { boundOf, rowScans, rowsSql, withinSql, type AddressIds } from './row-query.ts'
import {
  isFurther,
  manyEstimatesSql,
  orderedValues,
  summedColumns,
  summedMeasures,
  valuesOf,
  type GroupsRequest,
  type Measure,
} from './sums.ts'

/** Relation with columns `ep` (id) and `addr`. */
export type StoredEndpoints = AddressIds &
  Readonly<{
    /** Relation with the first id of each address, see `withFirstIds`. */
    firsts: string
  }>

export type GroupsPart = Readonly<{
  parts: number
  part: number
  single: SingleIds | undefined
  /** Groups with a smaller sum are omitted. */
  min?: bigint | undefined
}>

const sampleRows = 200_000

/** The sample statement: {@link groupShareSql} and {@link idCounts} in one row. */
export function groupSampleSql(request: GroupsRequest, endpoints: StoredEndpoints): string {
  return (
    `SELECT "_rows", "_groups", ${idCounts.join(', ')} FROM (${groupShareSql(request, endpoints)}) sample, ` +
    idCountsSql(endpoints.view)
  )
}

/** First rows (`_rows`) and estimated groups among them (`_groups`); the cost does not depend on the filter. */
export function groupShareSql(request: GroupsRequest, { idOf }: Pick<StoredEndpoints, 'idOf'>): string {
  const { names: table, time, span } = request
  const { columns, names } = keysOf(request.group, idOf)
  const rangeTests = [
    ...(time.received === undefined ? [] : [withinSql('time_received', time.received(span).all)]),
    withinSql(time.sql(duckdb), span),
  ].join(' AND ')
  return (
    `SELECT count(*) AS "_rows", approx_count_distinct(hash(${names.join(', ')})) FILTER ("_matches") AS "_groups" ` +
    `FROM (SELECT ${columns.join(', ')}, (${compileSql(boundOf(request))}) AS "_matches" FROM ${table.view} ` +
    `WHERE ${rangeTests} LIMIT ${sampleRows}) first`
  )
}

/** Estimated number of groups (`_groups`). */
export function groupCountSql(request: GroupsRequest, { idOf }: StoredEndpoints): string {
  const { columns, names } = keysOf(request.group, idOf)
  return (
    `SELECT approx_count_distinct(hash(${names.join(', ')})) AS "_groups" ` + `FROM (${rowsSql(request, columns)}) flow`
  )
}

/** Columns of fields in flows: ids `_i0` of addresses, and values `_g1` of other fields. */
export function keysOf(fields: readonly QueryField[], idOf: StoredEndpoints['idOf']) {
  const names = fields.map((field, index) => (idOf(field) === undefined ? `"_g${index}"` : `"_i${index}"`))
  return {
    names,
    ids: names.filter((name) => name.startsWith('"_i')),
    columns: fields.map((field, index) => `${idOf(field) ?? columnSql(field, duckdb)} AS ${names[index]}`),
  }
}

/** Sums of `flow`; those of {@link GroupsRequest.doubles} stay doubles, which need half the memory. */
function sumSql(measure: Measure, sums: Pick<GroupsRequest, 'doubles'>) {
  if (measure === 'flows') return 'count(*)'
  const value = valueSql(measure, sums)
  return isFurther(measure) ? duckdb.sum(value) : `sum(${value})`
}

/** SQL of the measure of one flow. */
function valueSql(measure: Measure, sums: Pick<GroupsRequest, 'doubles'>) {
  if (measure === 'flows') return '1'
  return measure === 'bytes' || measure === 'packets' ? manyEstimatesSql(measure, sums) : duckdb.identifier(measure)
}

/**
 * The rows of `groupsSql` for a part of the groups, or one without `_named`. `_single`: false if the given ids are out
 * of date, and the rows useless.
 */
export function groupsPartSql(
  request: GroupsRequest,
  endpoints: StoredEndpoints,
  { parts, part, single, min }: GroupsPart,
): string {
  const { view } = endpoints
  const { names, ids } = keysOf(request.group, endpoints.idOf)
  const measures = summedMeasures(request)
  const number = ids.map((id) => `coalesce(${id}, 0)`).join(' + ')
  const partCondition = parts === 1 ? '' : ` WHERE (${number}) % ${parts} = ${part}`
  const tables = [
    `parts AS MATERIALIZED (SELECT ${[...names, ...sumsOf(request)].join(', ')} ` +
      `FROM (${keyedFlows(request, endpoints, single)}) flow${partCondition} GROUP BY ALL)`,
    `total AS (SELECT count(*) AS "_all_groups", ` +
      `${measures.map((measure) => `sum("_${measure}") AS "_all_${measure}"`).join(', ')}, ` +
      `${single === undefined ? 'true' : stillSingleSql(single, view, ids)} AS "_single" FROM parts)`,
    ...namedTables(request, endpoints, min),
  ]
  return `WITH ${tables.join(', ')} ${namedRows(request)}`
}

export type BucketsOfGroups = Readonly<{
  single: SingleIds | undefined
  /** Number of buckets: a power of two. */
  buckets: number
  /** Groups of at most so many flows are summed. */
  most: number
}>

/**
 * As {@link groupsPartSql} of all groups, with `_certain`: no other group can be as large, by the sums of the buckets
 * that they are in. `_all_groups` is estimated from the first hashes of so many `_registers`.
 */
export function groupsOfBucketsSql(
  request: GroupsRequest,
  endpoints: StoredEndpoints,
  { single, buckets, most }: BucketsOfGroups,
): string {
  const { names, ids } = keysOf(request.group, endpoints.idOf)
  const measures = summedMeasures(request)
  const rank = `"_${request.by}"`
  const bucket = `("_hash" & ${buckets - 1})::UINTEGER`
  const extreme = (of: 'min' | 'max') =>
    `${of === 'min' ? 'least' : 'greatest'}(${ids.map((id) => `${of}(${id})`).join(', ')})`
  const isSingle = single === undefined ? 'true' : stillSingleSql(single, endpoints.view, ['"_least"', '"_most"'])
  const tables = [
    duckdb.inlined(
      'flows_of',
      `SELECT flow.*, hash(${names.join(', ')}) AS "_hash" FROM (${keyedFlows(request, endpoints, single)}) flow`,
    ),
    `buckets AS MATERIALIZED (SELECT ${bucket} AS "_bucket", ${sumsOf(request, [request.by as Measure]).join(', ')}, ` +
      `max(${valueSql(request.by as Measure, request)}) AS "_peak", ` +
      `count(*) AS "_rows", min(("_hash" >> 32)::UINTEGER) AS "_first", ${extreme('min')} AS "_least", ` +
      `${extreme('max')} AS "_most" FROM flows_of flow GROUP BY 1)`,
    `ordered AS MATERIALIZED (SELECT "_bucket", ${rank}, sum("_rows") OVER largest <= ${most} ` +
      `OR row_number() OVER largest = 1 AS "_summed" FROM buckets ` +
      `WHERE coalesce(${rank} >= (${leastOfLargest(request)}), true) ` +
      `WINDOW largest AS (ORDER BY ${rank} DESC NULLS LAST, "_bucket"))`,
    `parts AS MATERIALIZED (SELECT ${[...names, ...sumsOf(request)].join(', ')} FROM flows_of flow ` +
      `WHERE ${bucket} IN (SELECT "_bucket" FROM ordered WHERE "_summed") GROUP BY ALL)`,
    ...namedTables(request, endpoints, undefined),
    `total AS (SELECT *, (SELECT ${isCertain(request)} FROM named) AS "_certain" FROM ` +
      `(SELECT count(*) AS "_registers", round(${estimatedCountSql(buckets, '"_first"')})::BIGINT AS "_all_groups", ` +
      `${isSingle} AS "_single" FROM buckets), (SELECT ` +
      `${sumsOf(request, measures, '_all_').join(', ')} ` +
      // The rows need no joins of ids.
      `FROM (${rowsSql(request, summedColumns(request))}) flow))`,
  ]
  return `WITH ${tables.join(', ')} ${namedRows(request, ['"_certain"', '"_registers"'])}`
}

/** As many buckets with a flow of at least this value have as many groups with it. NULL with fewer buckets. */
function leastOfLargest({ limit }: GroupsRequest) {
  return `SELECT "_peak" FROM buckets ORDER BY "_peak" DESC NULLS LAST LIMIT 1 OFFSET ${limit - 1}`
}

/** SQL over the relation `named`: no other group can be larger than the returned ones. */
function isCertain({ by, limit }: GroupsRequest) {
  const otherGroups = 'FROM ordered WHERE NOT "_summed"'
  const isLarger = `coalesce(min("_${by}") > (SELECT max("_${by}") ${otherGroups}), true)`
  return `(SELECT count(*) ${otherGroups}) = 0 OR (count("_${by}") = ${limit} AND ${isLarger})`
}

/** Rows with the columns of {@link keysOf}, by first ids, and {@link summedColumns}. */
function keyedFlows(request: GroupsRequest, { firsts, idOf }: StoredEndpoints, single: SingleIds | undefined) {
  const { columns, names, ids } = keysOf(request.group, idOf)
  const summed = summedColumns(request)
  const scans = rowScans(request, [...columns, ...summed])
  const otherColumns = [...names.filter((name) => !ids.includes(name)), ...summed]
  return single === undefined ? withFirstIds(scans, { firsts, ids, others: otherColumns }) : scans.join(' UNION ALL ')
}

/** @param prefix of the column names. */
function sumsOf(request: GroupsRequest, measures = summedMeasures(request), prefix = '_') {
  return measures.map((measure) => `${sumSql(measure, request)} AS "${prefix}${measure}"`)
}

/** `named`: the largest of the relation `parts`, with texts of addresses. */
function namedTables(request: GroupsRequest, { view, idOf }: StoredEndpoints, min: bigint | undefined) {
  const { group, by, limit } = request
  const { names, ids } = keysOf(request.group, idOf)
  const sums = summedMeasures(request).map((measure) => `"_${measure}"`)
  const rank = `"_${by}"`
  const last = `(SELECT ${rank} FROM parts ORDER BY ${rank} DESC NULLS LAST LIMIT 1 OFFSET ${limit - 1})`
  const values = names.map((name, index) => (ids.includes(name) ? `t${index}."_text" AS "_g${index}"` : name))
  const joins = names.flatMap((name, index) =>
    ids.includes(name) ? [`LEFT JOIN texts t${index} ON chosen.${name} = t${index}."_ep"`] : [],
  )
  const order = [`${rank} DESC NULLS LAST`, ...orderedValues(group, duckdb)].join(', ')
  return [
    // Includes all groups with the rank of the last group: the order of these is that of their texts.
    `chosen AS MATERIALIZED (SELECT ${[...names, ...sums].join(', ')} FROM parts ` +
      `WHERE (${rank} < ${last}) IS NOT TRUE` +
      `${min === undefined ? '' : ` AND ${rank} >= ${duckdb.integer(min, 'HUGEINT')}`})`,
    textsOfIdsSql(view, 'chosen', ids),
    `named AS (SELECT ${[...values, ...sums].join(', ')} FROM chosen ${joins.join(' ')} ` +
      `ORDER BY ${order} LIMIT ${limit})`,
  ]
}

/** The rows of relation `named`, each with the columns of `total`. */
function namedRows(request: GroupsRequest, more: readonly string[] = []) {
  const measures = summedMeasures(request)
  const rows = [...valuesOf(request.group), ...measures.map((measure) => `"_${measure}"`)]
  const totals = ['"_all_groups"', ...measures.map((measure) => `"_all_${measure}"`)]
  return (
    `SELECT ${[...rows, ...totals, ...more, '"_single"', '"_named"'].join(', ')} FROM total LEFT JOIN ` +
    `(SELECT ${rows.join(', ')}, true AS "_named" FROM named) ON true`
  )
}
