/** Groups by address for many flows: summed by the ids in files, and named afterwards. */
import { duckdb } from '../dialect.ts'
import { columnSql } from '../names.ts'
import { idCounts, idCountsSql, stillSingleSql, textsOfIdsSql, type SingleIds } from './endpoint-ids.ts'
import type { StoredEndpoints } from './many-groups.ts'
import { rowsSql } from './row-query.ts'
import {
  allGroupsOf,
  isMeasure,
  largestSql,
  sourceOf,
  summedColumns,
  summedMeasures,
  type GroupsRequest,
} from './sums.ts'

/** The rows of `groupsSql`. Undefined if the request has no address, or statistics of a field. */
export function addressGroupsSql(request: GroupsRequest, { view, idOf }: StoredEndpoints): string | undefined {
  const { group, of, rollup } = request
  const ids = group.map(idOf)
  if (of !== undefined || rollup !== undefined || ids.every((id) => id === undefined)) return undefined
  const column = (index: number) => (ids[index] === undefined ? `"_g${index}"` : `"_i${index}"`)
  const keys = group.map((field, index) => `${ids[index] ?? columnSql(field, duckdb)} AS ${column(index)}`)
  const rows = rowsSql(request, [...keys, ...summedColumns(request)])
  const byId =
    `SELECT ${group.map((_, index) => column(index)).join(', ')}, ${sourceOf(request, duckdb).sums} ` +
    `FROM (${rows}) flow GROUP BY ALL`
  const values = group.map((_, index) => (ids[index] === undefined ? column(index) : `n${index}.addr AS "_g${index}"`))
  const sums = summedMeasures(request).map((measure) => `sum("_${measure}") AS "_${measure}"`)
  const joins = group.map((_, index) =>
    ids[index] === undefined ? '' : ` LEFT JOIN ${view} n${index} ON ${column(index)} = n${index}.ep`,
  )
  return (
    `WITH parts AS MATERIALIZED (SELECT ${values.join(', ')}, false AS "_lost", ${sums.join(', ')} ` +
    `FROM (${byId}) ids${joins.join('')} GROUP BY ALL), ${largestSql(request)}`
  )
}

/** The rows of {@link addressGroupsSql} with {@link idCounts}. */
export function countedAddressGroupsSql(request: GroupsRequest, endpoints: StoredEndpoints): string | undefined {
  const sql = addressGroupsSql(request, endpoints)
  if (sql === undefined) return undefined
  const counts = idCountsSql(endpoints.view)
  return `SELECT groups.*, ${idCounts.join(', ')} FROM (${sql}) groups, ${counts} ORDER BY "_place"`
}

/**
 * The rows of {@link addressGroupsSql} for one address, without a join of all ids. They are valid if `_single` is true.
 * Undefined if the request has other groups.
 */
export function singleAddressGroupsSql(
  request: GroupsRequest,
  { view, idOf }: StoredEndpoints,
  single: SingleIds,
): string | undefined {
  const { group, of, rollup, by, limit } = request
  const [id, ...others] = group.map(idOf)
  if (of !== undefined || rollup !== undefined || id === undefined || others.length > 0 || !isMeasure(by))
    return undefined
  const sums = summedMeasures(request).map((measure) => `"_${measure}"`)
  const rows = rowsSql(request, [`${id} AS "_i0"`, ...summedColumns(request)])
  const ids = `SELECT "_i0", false AS "_lost", ${sourceOf(request, duckdb).sums} FROM (${rows}) flow GROUP BY "_i0"`
  // Groups with the sum of the last one have the order of their texts.
  const last = `(SELECT "_${by}" FROM ids ORDER BY 1 DESC NULLS LAST LIMIT 1 OFFSET ${limit})`
  const named = `SELECT "_text" AS "_g0", "_lost", ${sums.join(', ')} FROM largest LEFT JOIN texts ON "_i0" = "_ep"`
  return (
    `WITH ids AS MATERIALIZED (${ids}), ` +
    `largest AS MATERIALIZED (SELECT * FROM ids WHERE ${last} IS NULL OR "_${by}" >= ${last}), ` +
    `${textsOfIdsSql(view, 'largest', ['"_i0"'])}, parts AS MATERIALIZED (${named}) ` +
    `SELECT groups.*, (SELECT ${stillSingleSql(single, view, ['"_i0"'])} FROM ids) AS "_single" ` +
    `FROM (WITH ${largestSql(request, duckdb, allGroupsOf(request, duckdb, 'ids'))}) groups ORDER BY "_place"`
  )
}
