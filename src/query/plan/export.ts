import type { QueryField } from '../names.ts'
import { name, timeSql } from '../sql-text.ts'
import { conditionOf, type RowQuery } from './row-query.ts'

export interface ExportRequest extends RowQuery {
  readonly columns: readonly QueryField[]
  readonly sort: readonly { readonly field: QueryField; readonly descending: boolean }[]
  /** µs since 1970; later receive times are excluded. */
  readonly upTo: bigint
}

/** Default order: storage order, which needs no memory. */
export function exportSql(request: ExportRequest, form: 'text' | 'parquet' = 'text'): string {
  const { columns, sort, upTo, names } = request
  const value = form === 'text' ? textSql : parquetSql
  const listed = columns.map((field) => `${value(field)} AS ${name(field.name)}`).join(', ')
  const keys = sort.map(
    ({ field, descending }) => `flows.${name(field.name)} ${descending ? 'DESC' : 'ASC'} NULLS LAST`,
  )
  const order = keys.length === 0 ? '' : ` ORDER BY ${keys.join(', ')}`
  return `SELECT ${listed} FROM ${names.view} WHERE ${conditionOf(request)}
      AND time_received <= ${timeSql(upTo)}${order}`
}

/** At least milliseconds. */
function textSql({ name: field, kind }: QueryField): string {
  const column = name(field)
  if (kind !== 'time' || field === 'time_received') return column
  return `CASE WHEN epoch_us(${column}) % 1000 = 0
      THEN strftime(make_timestamp(epoch_us(${column})), '%Y-%m-%dT%H:%M:%S.%gZ')
      ELSE strftime(make_timestamp(epoch_us(${column})), '%Y-%m-%dT%H:%M:%S.%fZ') END`
}

/** Numbers beyond 64 bits are texts. */
function parquetSql({ name: field, kind }: QueryField): string {
  const column = name(field)
  if (kind === 'estimate') return `${column}::VARCHAR`
  return kind === 'bool' ? `${column}::UTINYINT` : column
}
