/** Groups by address for many flows: summed by the ids in files, and named afterwards. */
import { duckdb } from '../dialect.ts'
import { columnSql } from '../names.ts'
import type { StoredEndpoints } from './many-groups.ts'
import { rowsSql } from './row-query.ts'
import { largestSql, sourceOf, summedColumns, summedMeasures, type GroupsRequest } from './sums.ts'

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
