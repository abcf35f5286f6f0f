import { duckdb, type Dialect } from '../dialect.ts'
import { columnSql, type QueryField } from '../names.ts'
import { conditionOf, type RowQuery } from './row-query.ts'

export interface ExportRequest extends RowQuery {
  readonly columns: readonly QueryField[]
  readonly sort: readonly Readonly<{ field: QueryField; descending: boolean }>[]
  /** µs since 1970; later receive times are excluded. */
  readonly upTo: bigint
}

export function exportSql(
  request: ExportRequest,
  form: 'text' | 'parquet' = 'text',
  dialect: Dialect = duckdb,
): string {
  const { identifier: name } = dialect
  const { columns, sort, upTo, names } = request
  const value = form === 'text' ? textSql : parquetSql
  const listed = columns.map((field) => `${value(field, dialect)} AS ${name(field.name)}`).join(', ')
  const keys = sort.map(
    ({ field, descending }) => `${keySql(field, names.view, dialect)} ${descending ? 'DESC' : 'ASC'} NULLS LAST`,
  )
  const order = keys.length === 0 ? '' : ` ORDER BY ${keys.join(', ')}`
  return `SELECT ${listed} FROM ${names.view} WHERE ${conditionOf(request, dialect)}
      AND time_received <= ${dialect.time(upTo)}${order}`
}

/** SQL of the column of the view: results have columns of the same names. */
function keySql(field: QueryField, view: string, dialect: Dialect) {
  const { name, kind, sql } = field
  return sql === undefined ? dialect.ordered(`${view}.${dialect.identifier(name)}`, kind) : sql(dialect)
}

function textSql(field: QueryField, dialect: Dialect) {
  const { name, kind, sql } = field
  if (sql !== undefined) return sql(dialect)
  const column = dialect.identifier(name)
  return kind !== 'time' || name === 'time_received' ? column : dialect.isoTime(column)
}

/** Numbers beyond 64 bits are texts. */
function parquetSql(field: QueryField, dialect: Dialect) {
  const { name, kind, member } = field
  if (member !== undefined) return columnSql(field, dialect)
  const { identifier, addressText, bit, asText } = dialect
  const column = identifier(name)
  if (kind === 'estimate') return asText(column)
  if (kind === 'ip') return addressText(column)
  return kind === 'bool' ? bit(column) : column
}
