import type { DuckDBPreparedStatement, DuckDBType } from '@duckdb/node-api'
import { WeirError } from '../../model/errors.ts'
import {
  kindOfValue,
  missingParameter,
  parameterName,
  type SqlParameters,
  type SqlValue,
  type SqlValueKind,
} from '../../model/sql-parameters.ts'

/** Binds the values of the parameters that a statement names. Further ones are ignored. */
export async function bindParameters(prepared: DuckDBPreparedStatement, parameters: SqlParameters): Promise<void> {
  const { parameterCount } = prepared
  if (parameterCount === 0) return
  const { BIGINT, DOUBLE, LIST, listValue, SQLNULL, VARCHAR } = await import('@duckdb/node-api')
  const types: Readonly<Record<SqlValueKind, DuckDBType>> = {
    text: VARCHAR,
    integer: BIGINT,
    number: DOUBLE,
    nothing: SQLNULL,
  }
  const given = new Map<string, SqlValue>(Object.entries(parameters))
  for (let index = 1; index <= parameterCount; index++) {
    const name = prepared.parameterName(index)
    if (!parameterName.test(name))
      throw new WeirError('WEIR_SQL_REFUSED', 'Give each parameter a name: write $name instead of ? or $1.')
    const value = given.get(name)
    if (value === undefined) throw new WeirError('WEIR_SQL_REFUSED', missingParameter(name))
    const kind = kindOfValue(value)
    const exact = (item: string | number) => (kind === 'integer' ? BigInt(item) : item)
    if (typeof value === 'object') prepared.bindValue(index, listValue(value.map(exact)), LIST(types[kind]))
    else prepared.bindValue(index, exact(value), types[kind])
  }
}
