/** Runs one judged statement on a connection. */
import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api'
import { WeirError } from '../../model/errors.ts'
import type { Statement } from './statement.ts'
import { withoutEnd } from './statement-views.ts'

export async function start(connection: DuckDBConnection, statement: Statement, views: string): Promise<DuckDBResult> {
  await connection.run(views)
  const statements = await connection.extractStatements(statement.sql)
  if (statements.count !== 1) throw new WeirError('WEIR_SQL_REFUSED', 'One statement at a time, please.')
  const prepared = await statements.prepare(0)
  try {
    const { StatementType } = await import('@duckdb/node-api')
    // The syntax tree was judged already; this is the second lock on the same door.
    if (prepared.statementType !== StatementType.SELECT && prepared.statementType !== StatementType.EXPLAIN) throw new WeirError('WEIR_SQL_REFUSED', 'Only a query may be asked here.')
    if (prepared.parameterCount > 0) throw new WeirError('WEIR_SQL_REFUSED', 'Parameters have no values here; write the values into the statement.')
    return await prepared.stream()
  } finally {
    prepared.destroySync()
  }
}

/** Finds out why a stream failed: asks again for all of it as one value, which costs no memory. Always rejects. */
export async function failure(connection: DuckDBConnection, { sql }: Statement): Promise<never> {
  const again = await connection.extractStatements(`SELECT bit_xor(hash(q)) FROM (${withoutEnd(sql)}\n) q`).catch(() => undefined)
  if (again?.count === 1) {
    const prepared = await again.prepare(0)
    try {
      await prepared.run()
    } finally {
      prepared.destroySync()
    }
  }
  throw new Error('The query failed while its rows were read; some were sent already.')
}
