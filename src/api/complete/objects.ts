import { columnSql, compileSql, dialectOf, type NameTable, type QueryField } from '../../query/index.ts'
import { objectScope } from '../../topics/scope.ts'
import { requireStore } from '../store-query.ts'
import { rowsOf } from '../../topics/unless-aborted.ts'
import { filterOf } from '../../topics/filter-text.ts'
import { asOf } from '../../topics/conditions.ts'
import type { RunStatement } from '../ring/readers.ts'
import { conditionFor, type PlainValue, type UsedValue } from './values.ts'

/** Most frequent first. Undefined when the client has disconnected. */
export async function valuesOfObjects(
  { context, principal, disconnected }: RunStatement,
  fields: readonly QueryField[],
  {
    names,
    filter,
    at,
    prefix,
    limit,
  }: Readonly<{
    names: NameTable
    filter: string
    at: bigint
    prefix: string
    limit: number
  }>,
): Promise<readonly UsedValue[] | undefined> {
  const [field] = fields
  if (field === undefined) return []
  const view = names.view === 'inventory' ? 'inventory' : 'resources'
  // Accounts have no namespaces.
  if (view === 'inventory' && principal.namespaces !== undefined) return []
  const store = requireStore(context)
  const dialect = dialectOf(store)
  const column = columnSql(field, dialect)
  const scope = objectScope(principal, dialect)
  const where = [
    asOf(at, dialect),
    ...(scope === undefined ? [] : [scope]),
    compileSql(filterOf(filter, view).bound, { dialect }),
  ].join(' AND ')
  const typed = conditionFor(field, prefix, dialect)
  const values =
    `SELECT ${field.kind.startsWith('list') ? dialect.unnest(dialect.distinct(column)) : column} AS "_value" ` +
    `FROM ${view} WHERE ${where}`
  const rows = await rowsOf(
    store,
    `SELECT "_value", count(*) AS n FROM (${values}) WHERE "_value" IS NOT ` +
      `NULL${typed === undefined ? '' : ` AND ${typed}`} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${2 * limit}`,
    disconnected,
  )
  return rows?.map((row) => ({ field, value: row['_value'] as PlainValue, count: Number(row['n']) }))
}
