import { memberColumn } from '../../model/flow-members.ts'
import { duckdb, type Dialect } from '../dialect.ts'
import { columnSql, type QueryField } from '../names.ts'
import { compileSql } from '../sql.ts'
import { boundOf, conditionOf, withinSql, type RowQuery } from './row-query.ts'
import type { Rollup } from './sums.ts'

export type ValuesRequest = Readonly<{
  rowQuery: RowQuery
  fields: readonly QueryField[]
  condition: string | undefined
  limit: number
  rollup?: Rollup
}>

export function valuesSql(
  { rowQuery, fields, condition, limit, rollup }: ValuesRequest,
  dialect: Dialect = duckdb,
): string {
  const { identifier: name, unnest, distinct } = dialect
  const compiled = compileSql(boundOf(rowQuery), { dialect })
  const where =
    rollup === undefined
      ? conditionOf(rowQuery, dialect)
      : withinSql('"time"', rollup.span, dialect) + (compiled === 'true' ? '' : ` AND ${compiled}`)
  const inner = fields.map((field) => {
    const column = field.kind.startsWith('list') ? unnest(distinct(name(field.name))) : columnSql(field, dialect)
    return `SELECT ${column} AS "_value", ${rollup === undefined ? '1' : 'flows'} AS "_count"
        FROM ${rollup?.view ?? rowQuery.names.view} WHERE ${where}`
  })
  return (
    `SELECT "_value", ${rollup === undefined ? 'count(*)' : 'sum("_count")'} AS "_flows"
      FROM (${inner.join(' UNION ALL ')})
      WHERE "_value" IS NOT NULL${condition === undefined ? '' : ` AND ${condition}`} ` +
    `GROUP BY 1 ORDER BY 2 DESC, ${dialect.ordered('"_value"', fields[0]?.kind ?? 'text')} LIMIT ${limit}`
  )
}

export function fieldUseSql(rowQuery: RowQuery, rows: number, dialect: Dialect = duckdb): string {
  const { identifier: name, hasItems } = dialect
  const fields = rowQuery.names.fields.filter(({ kind }) => kind !== 'estimate')
  // A list is never NULL in ClickHouse.
  const value = ({ name: field, kind }: (typeof fields)[number]) =>
    kind.startsWith('list<') ? `CASE WHEN ${hasItems(name(field))} THEN 1 END` : name(field)
  return (
    `SELECT ${fields.map((field) => `count(${value(field)}) AS ${name(field.name)}`).join(', ')} FROM ` +
    `(SELECT ${fields.map((field) => name(field.name)).join(', ')} FROM ${rowQuery.names.view}
      WHERE ${conditionOf(rowQuery, dialect)} LIMIT ${rows})`
  )
}

/** Keys of `extra` in some rows (`name`) and the rows that have them (`n`), most frequent first. */
export function memberUseSql(
  rowQuery: RowQuery,
  { rows, limit }: Readonly<{ rows: number; limit: number }>,
  dialect: Dialect = duckdb,
): string {
  const extra = dialect.identifier(memberColumn)
  return `SELECT name, count(*) AS n FROM (SELECT ${dialect.jsonKeys(extra)} AS name FROM
      (SELECT ${extra} FROM ${rowQuery.names.view} WHERE ${conditionOf(rowQuery, dialect)} AND ${extra} IS NOT NULL
      LIMIT ${rows}) sampled) named GROUP BY name ORDER BY n DESC, name LIMIT ${limit}`
}
