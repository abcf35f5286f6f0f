import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBResult } from '@duckdb/node-api'
import { WeirError } from '../../model/errors.ts'
import { quoted } from '../duck.ts'
import type { CachedViews } from './file-cache.ts'
import { selectionByIds } from './address-ids.ts'
import type { EndpointIds } from './endpoint-ids.ts'
import { bindParameters } from './parameters.ts'
import { allowedStatements, type Statement } from './statement.ts'
import { probe, viewsOf, withoutEnd } from './statement-views.ts'
import { flowsView, type ViewInput } from './views.ts'

type Views = Readonly<{
  input: ViewInput
  cached: CachedViews
  /** Without a selection by ids. */
  text: string
}>

export async function makeViews(
  connection: DuckDBConnection,
  endpointIds: EndpointIds,
  statement: Statement,
  { input, cached, text }: Views,
): Promise<void> {
  const { selection: written } = statement
  // Without flows there is nothing to choose.
  const hasFlows = input.files.some(({ stream }) => stream === 'flows')
  if (written === undefined || !hasFlows || (!written.isProbe && written.byIds === undefined)) {
    await connection.run(text)
    return
  }
  const selection = await selectionByIds(connection, endpointIds, written, input)
  const probed = selection.isProbe ? await probe(connection, selection, input) : undefined
  await connection.run(viewsOf({ ...statement, selection, probed }, input, cached))
}

/** After {@link makeViews}. */
export async function start(
  connection: DuckDBConnection,
  statement: Statement,
  input: ViewInput,
): Promise<DuckDBResult> {
  const prepared = await preparedOf(connection, statement, input)
  try {
    const { StatementType } = await import('@duckdb/node-api')
    // In addition to the check of the syntax tree.
    if (prepared.statementType !== StatementType.SELECT && prepared.statementType !== StatementType.EXPLAIN)
      throw new WeirError('WEIR_SQL_REFUSED', `Only queries are allowed here. ${allowedStatements}`)
    await bindParameters(prepared, statement.parameters ?? {})
    return await prepared.stream()
  } finally {
    prepared.destroySync()
  }
}

/** The message of an error suggests columns, also those that the views lack because no statement reads them. */
async function preparedOf(
  connection: DuckDBConnection,
  statement: Statement,
  input: ViewInput,
): Promise<DuckDBPreparedStatement> {
  const statements = await connection.extractStatements(statement.sql)
  if (statements.count !== 1)
    throw new WeirError('WEIR_SQL_REFUSED', `Only one statement is allowed. ${allowedStatements}`)
  try {
    return await statements.prepare(0)
  } catch (error) {
    if (statement.columns === undefined || !statement.tables.has('flows')) throw error
    const whole = { ...input, columns: undefined }
    await connection.run(`CREATE OR REPLACE TEMP VIEW flows AS ${flowsView(whole, statement.addresses)}`)
    return (await connection.extractStatements(statement.sql)).prepare(0)
  }
}

/** Unfinished row groups take some 300 MB. */
const groupRows = 20_480

export function copySql(sql: string, path: string): string {
  return `COPY (${withoutEnd(sql)}\n) TO ${quoted(path)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1,
      ROW_GROUP_SIZE ${groupRows})`
}

/** Runs the query again as one aggregate, which needs no memory. Always rejects. */
export async function rejectWithCause(
  connection: DuckDBConnection,
  { sql, parameters = {} }: Statement,
): Promise<never> {
  const again = await connection
    .extractStatements(`SELECT bit_xor(hash(q)) FROM (${withoutEnd(sql)}\n) q`)
    .catch(() => undefined)
  if (again?.count === 1) {
    const prepared = await again.prepare(0)
    try {
      await bindParameters(prepared, parameters)
      await prepared.run()
    } finally {
      prepared.destroySync()
    }
  }
  throw new Error('The query failed after some rows were sent.')
}
