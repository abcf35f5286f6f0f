/** Numbers of different values of fields. */
import { duckdb, type Dialect } from '../dialect.ts'
import { columnSql, type QueryField } from '../names.ts'
import { idCounts, idCountsSql, stillSingleSql, type SingleIds } from './endpoint-ids.ts'
import { keysOf, type StoredEndpoints } from './many-groups.ts'
import { rowsSql, type RowQuery } from './row-query.ts'
import { sourceOf, type Rollup } from './sums.ts'

export type DistinctRequest = RowQuery & Readonly<{ fields: readonly QueryField[]; rollup?: Rollup }>

/** One row with the number of values `_n0`, `_n1` … of each field. */
export function distinctSql(request: DistinctRequest, dialect: Dialect = duckdb): string {
  const { view, where } = sourceOf({ ...request, by: 'flows', limit: 1 }, dialect)
  const counts = request.fields.map((field, index) => `count(DISTINCT ${columnSql(field, dialect)}) AS "_n${index}"`)
  return `SELECT ${counts.join(', ')} FROM ${view} WHERE ${where}`
}

/** {@link storedDistinctSql} with {@link idCounts}. */
export function countedDistinctSql(request: DistinctRequest, endpoints: StoredEndpoints): string {
  const sums = storedDistinctSql(request, endpoints)
  return `SELECT sums.*, ${idCounts.join(', ')} FROM (${sums}) sums, ${idCountsSql(endpoints.view)}`
}

/** {@link distinctSql} for many flows: addresses are counted by the ids in files. */
export function storedDistinctSql(request: DistinctRequest, endpoints: StoredEndpoints): string {
  const { view, idOf } = endpoints
  const { ids, columns, names } = keysOf(request.fields, idOf)
  const sets = names.map((name) => `(${name})`).join(', ')
  const joins = names.map((name, index) =>
    ids.includes(name) ? ` LEFT JOIN ${view} n${index} ON n${index}.ep = ${name}` : '',
  )
  // A row is of one set, and has no values of the others.
  const sums = names.map((name, index) =>
    ids.includes(name) ? `count(DISTINCT n${index}.addr) AS "_n${index}"` : `count(${name}) AS "_n${index}"`,
  )
  return (
    `WITH keys AS MATERIALIZED (SELECT ${names.join(', ')} FROM (${rowsSql(request, columns)}) flow ` +
    `GROUP BY GROUPING SETS (${sets})) SELECT ${sums.join(', ')} FROM keys${joins.join('')}`
  )
}

/** {@link storedDistinctSql} without a join. The row is valid if `_single` is true. */
export function singleDistinctSql(request: DistinctRequest, endpoints: StoredEndpoints, single: SingleIds): string {
  const { view, idOf } = endpoints
  const { ids, columns, names } = keysOf(request.fields, idOf)
  const counts = names.map((name, index) => `count(DISTINCT ${name}) AS "_n${index}"`)
  const isNamed = `NOT EXISTS (SELECT 1 FROM ${view} WHERE addr IS NULL)`
  return (
    `SELECT ${counts.join(', ')}, ${stillSingleSql(single, view, ids)} AND ${isNamed} AS "_single" ` +
    `FROM (${rowsSql(request, columns)}) flow`
  )
}
