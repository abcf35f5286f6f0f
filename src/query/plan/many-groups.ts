/** Groups by address for many flows: summed by the ids in files, in parts to bound memory, and named afterwards. */
import { duckdb } from '../dialect.ts'
import { columnSql, type QueryField } from '../names.ts'
import { compileSql } from '../sql.ts'
import { idCounts, idCountsSql, stillSingleSql, textsOfIdsSql, withFirstIds, type SingleIds } from './endpoint-ids.ts'
import { boundOf, rowScans, rowsSql, withinSql } from './row-query.ts'
import {
  manyEstimatesSql,
  orderedValues,
  summedColumns,
  summedMeasures,
  valuesOf,
  type GroupsRequest,
  type Measure,
} from './sums.ts'

/** Relation with columns `ep` (id) and `addr`. */
export type StoredEndpoints = Readonly<{
  view: string
  /** See `withFirstIds`. */
  firsts: string
  /** Undefined for fields that are no address. */
  idOf: (field: QueryField) => string | undefined
}>

export type GroupsPart = Readonly<{
  parts: number
  part: number
  single: SingleIds | undefined
  /** Groups with less are omitted. */
  min?: bigint | undefined
}>

const sampleRows = 200_000

/** {@link groupShareSql} and {@link idCounts}. */
export function groupSampleSql(request: GroupsRequest, endpoints: StoredEndpoints): string {
  return (
    `SELECT "_rows", "_groups", ${idCounts.join(', ')} FROM (${groupShareSql(request, endpoints)}) sample, ` +
    idCountsSql(endpoints.view)
  )
}

/** First rows (`_rows`) and estimated groups among them (`_groups`); the cost does not depend on the filter. */
export function groupShareSql(request: GroupsRequest, { idOf }: Pick<StoredEndpoints, 'idOf'>): string {
  const { names: table, time, span } = request
  const { columns, names } = keysOf(request, idOf)
  const within = [
    ...(time.received === undefined ? [] : [withinSql('time_received', time.received(span).all)]),
    withinSql(time.sql(duckdb), span),
  ].join(' AND ')
  return (
    `SELECT count(*) AS "_rows", approx_count_distinct(hash(${names.join(', ')})) FILTER ("_matches") AS "_groups" ` +
    `FROM (SELECT ${columns.join(', ')}, (${compileSql(boundOf(request))}) AS "_matches" FROM ${table.view} ` +
    `WHERE ${within} LIMIT ${sampleRows}) first`
  )
}

/** Estimated number of groups (`_groups`). */
export function groupCountSql(request: GroupsRequest, { idOf }: StoredEndpoints): string {
  const { columns, names } = keysOf(request, idOf)
  return (
    `SELECT approx_count_distinct(hash(${names.join(', ')})) AS "_groups" ` + `FROM (${rowsSql(request, columns)}) flow`
  )
}

/** Columns of the group in flows: ids `_i0` of addresses, and values `_g1` of other fields. */
function keysOf({ group }: GroupsRequest, idOf: StoredEndpoints['idOf']) {
  const names = group.map((field, index) => (idOf(field) === undefined ? `"_g${index}"` : `"_i${index}"`))
  return {
    names,
    ids: names.filter((name) => name.startsWith('"_i')),
    columns: group.map((field, index) => `${idOf(field) ?? columnSql(field, duckdb)} AS ${names[index]}`),
  }
}

/** Sums of `flow`; those of {@link GroupsRequest.doubles} stay doubles, which need half the memory. */
function sumSql(measure: Measure, doubles: boolean) {
  if (measure === 'flows') return 'count(*)'
  const isEstimated = measure === 'bytes' || measure === 'packets'
  return isEstimated ? `sum(${manyEstimatesSql(measure, { doubles })})` : duckdb.sum(duckdb.identifier(measure))
}

/**
 * The rows of `groupsSql` for a part of the groups, or one without `_named`. `_single`: false if the given ids are out
 * of date, and the rows useless.
 */
export function groupsPartSql(
  request: GroupsRequest,
  { view, firsts, idOf }: StoredEndpoints,
  { parts, part, single, min }: GroupsPart,
): string {
  const { group, by, limit, doubles = false } = request
  const { columns, names, ids } = keysOf(request, idOf)
  const measures = summedMeasures(request)
  const sums = measures.map((measure) => `"_${measure}"`)
  const summed = summedColumns(request)
  const scans = rowScans(request, [...columns, ...summed])
  const others = [...names.filter((name) => !ids.includes(name)), ...summed]
  const flows = single === undefined ? withFirstIds(scans, { firsts, ids, others }) : scans.join(' UNION ALL ')
  const number = ids.map((id) => `coalesce(${id}, 0)`).join(' + ')
  const within = parts === 1 ? '' : ` WHERE (${number}) % ${parts} = ${part}`
  const rank = `"_${by}"`
  const last = `(SELECT ${rank} FROM parts ORDER BY ${rank} DESC NULLS LAST LIMIT 1 OFFSET ${limit - 1})`
  const totals = ['"_all_groups"', ...measures.map((measure) => `"_all_${measure}"`)]
  const values = names.map((name, index) => (ids.includes(name) ? `t${index}."_text" AS "_g${index}"` : name))
  const joins = names.flatMap((name, index) =>
    ids.includes(name) ? [`LEFT JOIN texts t${index} ON chosen.${name} = t${index}."_ep"`] : [],
  )
  const order = [`${rank} DESC NULLS LAST`, ...orderedValues(group, duckdb)].join(', ')
  const tables = [
    `parts AS MATERIALIZED (SELECT ${names.join(', ')}, ` +
      `${measures.map((measure) => `${sumSql(measure, doubles)} AS "_${measure}"`).join(', ')} ` +
      `FROM (${flows}) flow${within} GROUP BY ALL)`,
    `total AS (SELECT count(*) AS "_all_groups", ` +
      `${measures.map((measure) => `sum("_${measure}") AS "_all_${measure}"`).join(', ')}, ` +
      `${single === undefined ? 'true' : stillSingleSql(single, view, ids)} AS "_single" FROM parts)`,
    // All that equal the last: their order is that of texts.
    `chosen AS MATERIALIZED (SELECT ${[...names, ...sums].join(', ')} FROM parts ` +
      `WHERE (${rank} < ${last}) IS NOT TRUE` +
      `${min === undefined ? '' : ` AND ${rank} >= ${duckdb.integer(min, 'HUGEINT')}`})`,
    textsOfIdsSql(view, 'chosen', ids),
    `named AS (SELECT ${[...values, ...sums].join(', ')} FROM chosen ${joins.join(' ')} ` +
      `ORDER BY ${order} LIMIT ${limit})`,
  ]
  const shown = [...valuesOf(group), ...sums, ...totals, '"_single"', '"_named"']
  return (
    `WITH ${tables.join(', ')} SELECT ${shown.join(', ')} FROM total LEFT JOIN ` +
    `(SELECT ${[...valuesOf(group), ...sums].join(', ')}, true AS "_named" FROM named) ON true`
  )
}
