/** Numbers of different values of fields. */
import { duckdb, type Dialect } from '../dialect.ts'
import { columnSql, type QueryField } from '../names.ts'
import { idCounts, idCountsSql, stillSingleSql, type SingleIds } from './endpoint-ids.ts'
import type { StoredEndpoints } from './many-groups.ts'
import { rowsSql, type RowQuery } from './row-query.ts'
import { sourceOf, type Rollup } from './sums.ts'

export type DistinctRequest = RowQuery & Readonly<{ fields: readonly QueryField[]; rollup?: Rollup }>

/** One row with the number of values `_n0`, `_n1` … of each field. */
export function distinctSql(request: DistinctRequest, dialect: Dialect = duckdb): string {
  const { view, where } = sourceOf({ ...request, by: 'flows', limit: 1 }, dialect)
  const counts = request.fields.map((field, index) => `count(DISTINCT ${columnSql(field, dialect)}) AS "_n${index}"`)
  return `SELECT ${counts.join(', ')} FROM ${view} WHERE ${where}`
}

/**
 * The row of {@link distinctSql} for many flows: addresses are counted by the ids in files. With `single` ids it is
 * valid if `_single` is true; `counted` adds {@link idCounts}.
 */
export function storedDistinctSql(
  request: DistinctRequest,
  { view, idOf }: StoredEndpoints,
  known: SingleIds | 'counted' | 'joined',
): string {
  const ids = request.fields.map(idOf)
  const keys = request.fields.map((field, index) => `${ids[index] ?? columnSql(field, duckdb)} AS "_k${index}"`)
  const names = keys.map((_, index) => `"_k${index}"`)
  const sets = names.map((name) => `(${name})`).join(', ')
  const values =
    `keys AS MATERIALIZED (SELECT ${names.join(', ')} FROM (${rowsSql(request, keys)}) flow ` +
    `GROUP BY GROUPING SETS (${sets}))`
  const addresses = names.filter((_, index) => ids[index] !== undefined)
  const isSingle = typeof known === 'object'
  // Of single ids only those without an address.
  const named = isSingle ? `(SELECT ep FROM ${view} WHERE addr IS NULL)` : view
  const joins = names.map((name, index) =>
    ids[index] === undefined ? '' : ` LEFT JOIN ${named} n${index} ON n${index}.ep = ${name}`,
  )
  // A row is of one set, and has no values of the others.
  const counts = names.map((name, index) => {
    if (ids[index] === undefined) return `count(${name}) AS "_n${index}"`
    const count = isSingle ? `count(${name}) - count(n${index}.ep)` : `count(DISTINCT n${index}.addr)`
    return `${count} AS "_n${index}"`
  })
  const valid = isSingle ? [`${stillSingleSql(known, view, addresses)} AS "_single"`] : []
  const counted = `SELECT ${[...counts, ...valid].join(', ')} FROM keys${joins.join('')}`
  if (known !== 'counted') return `WITH ${values} ${counted}`
  return `WITH ${values} SELECT sums.*, ${idCounts.join(', ')} FROM (${counted}) sums, ${idCountsSql(view)}`
}
