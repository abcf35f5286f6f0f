import { columnSql, compileSql, dialectOf, type NameTable, type QueryField } from '../../query/index.ts'
import { objectScope } from '../scope.ts'
import { requiredStore } from '../required-store.ts'
import type { Reading } from './reading.ts'
import { readRows } from '../rows.ts'
import { filterOf } from '../filter-text.ts'
import { asOf } from '../conditions.ts'
import { conditionFor, type PlainValue, type UsedValue } from './values.ts'

/** Most frequent first. */
export async function valuesOfObjects(
  { store: given, viewer, signal }: Pick<Reading, 'store' | 'viewer' | 'signal'>,
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
): Promise<readonly UsedValue[]> {
  const [field] = fields
  if (field === undefined) return []
  const view = names.view === 'inventory' ? 'inventory' : 'resources'
  // Accounts have no namespaces.
  if (view === 'inventory' && viewer.namespaces !== undefined) return []
  const store = requiredStore(given)
  const dialect = dialectOf(store)
  const column = columnSql(field, dialect)
  const scope = objectScope(viewer, dialect)
  const where = [
    asOf(at, dialect),
    ...(scope === undefined ? [] : [scope]),
    compileSql(filterOf(filter, view).bound, { dialect }),
  ].join(' AND ')
  const typed = conditionFor(field, prefix, dialect)
  const values =
    `SELECT ${field.kind.startsWith('list') ? dialect.unnest(dialect.distinct(column)) : column} AS "_value" ` +
    `FROM ${view} WHERE ${where}`
  const rows = await readRows<Readonly<{ _value: PlainValue; n: number | string }>>(
    { store, signal },
    `SELECT "_value", count(*) AS n FROM (${values}) WHERE "_value" IS NOT ` +
      `NULL${typed === undefined ? '' : ` AND ${typed}`} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${2 * limit}`,
  )
  return rows.map(({ _value: value, n }) => ({ field, value, count: Number(n) }))
}
