import type { DuckDBConnection } from '@duckdb/node-api'
import { rowsOf } from '../duck.ts'
import { inventoryViews } from '../inventory/views.ts'
import { transfersView } from '../flows/transfers-view.ts'
import { sumViews } from '../file-sums/view.ts'
import { insightViews } from '../insights/views.ts'
import { kubernetesViews } from '../kubernetes/views.ts'
import { rollupViews } from '../rollup/views.ts'
import { spendViews } from '../spend/views.ts'
import { fileColumns, type FileColumn } from '../schema.ts'
import type { StoredFile } from '../record.ts'
import type { Pin } from '../versions.ts'
import type { CachedViews } from './file-cache.ts'
import { firstIdsSql, firstIdsTable } from './first-ids.ts'
import { maxSelectedRows, type Selection } from './newest.ts'
import { receivedWithin } from './receipt.ts'
import { readsTransfers, type Statement } from './statement.ts'
import {
  endpointsView,
  eventsView,
  filePrefix,
  flowsView,
  rowsBeforeNames,
  scan,
  type ViewInput,
  type RequestedAddresses,
} from './views.ts'

export function viewInput(
  pin: Pin,
  directory: string,
  { receiveTime: receipt, readsService: withService, columns, computed }: Statement,
): ViewInput {
  const sources: (string | undefined)[] = []
  for (const [name, { id }] of Object.entries(pin.state.sources)) sources[id] = name
  return {
    directory,
    files: receivedWithin(pin.files, receipt),
    sources: Array.from(sources),
    words: pin.state.words,
    lacksEndpoints: endpointsIn(pin.files) < endpointsIn(pin.state.files.values()),
    withService,
    columns,
    computed,
  }
}

function endpointsIn(files: Iterable<StoredFile>): number {
  let count = 0
  for (const { stream } of files) if (stream === 'endpoints') count++
  return count
}

const probedRows = 'flows_probed'

/** Creating a view opens the first of its files and searches for all others. */
export function viewsOf(statement: Statement, given: ViewInput, cached: CachedViews): string {
  const lowerSql = statement.sql.toLowerCase()
  const input = {
    ...given,
    withRanges: lowerSql.includes(firstIdsTable),
    ...(cached.inventory === undefined ? {} : { inventory: cached.inventory.database }),
  }
  const ownSql =
    statement.ownView === undefined
      ? ''
      : `; CREATE TEMP VIEW ${statement.ownView.name} AS ${statement.ownView.sql(input)}`
  const events = `${kubernetesViews(statement, input, cached)}${insightViews(statement, input, cached.insights)}`
  const costs = `${spendViews(statement, input, cached.spend)}${inventoryViews(statement, input)}`
  const sums = `${rollupViews(statement, input)}${sumViews(statement, input)}`
  const others = `${events}${costs}${ownSql}${sums}`
  const transfers = readsTransfers(statement)
    ? `; CREATE TEMP VIEW transfers AS ${transfersView('duckdb', 'flows')}`
    : ''
  // Sums have a column `flows`.
  const isNamed = (name: string) =>
    statement.reads?.has(name) ??
    (sums === '' ? others === '' || new RegExp(`\\b${name}\\b`).test(lowerSql) : statement.tables.has(name))
  return (
    [
      ...(transfers !== '' || isNamed('flows') ? [flowsViews(statement, input)] : []),
      ...(isNamed('events') ? [`CREATE TEMP VIEW events AS ${eventsView(input)}`] : []),
      ...(lowerSql.includes(endpointsView) ? [`CREATE TEMP VIEW ${endpointsView} AS ${scan('endpoints', input)}`] : []),
      ...(lowerSql.includes(firstIdsTable) ? [firstIdsSql(firstIdsTable, input)] : []),
    ].join('; ') +
    transfers +
    others
  )
}

function flowsViews({ addresses, selection, probed, readsEndpointIds: ids }: Statement, input: ViewInput): string {
  if (ids === true) return `CREATE OR REPLACE TEMP VIEW flows AS ${flowsView(input, addresses, { prefix: filePrefix })}`
  if (probed !== undefined) return viewOfFew(addresses, probed.columns, probedRows, input)
  if (selection === undefined || selection.isProbe)
    return `CREATE OR REPLACE TEMP VIEW flows AS ${flowsView(input, addresses)}`
  const rows = `(${withoutEnd(selection.sql)})`
  return `${viewBefore(selection, input)}; ${viewOfFew(addresses, selection.columns, rows, input)}`
}

function viewBefore({ addresses, used, columns: inFiles }: Selection, input: ViewInput) {
  const columns = new Set([...used, ...inFiles.map(({ name }) => filePrefix + name)])
  return `CREATE OR REPLACE TEMP VIEW ${rowsBeforeNames} AS
      ${flowsView({ ...input, columns }, addresses, { prefix: filePrefix })}`
}

function viewOfFew(
  addresses: RequestedAddresses,
  chosen: readonly FileColumn[],
  from: string,
  input: ViewInput,
): string {
  const columns = (input.columns === undefined ? fileColumns.flows : chosen).map((column) =>
    chosen.includes(column)
      ? `"${filePrefix}${column.name}" AS "${column.name}"`
      : `NULL::${column.type} AS "${column.name}"`,
  )
  return `CREATE OR REPLACE TEMP VIEW flows AS
      ${flowsView(input, addresses, { rows: `SELECT ${columns.join(', ')} FROM ${from}` })}`
}

export async function probe(
  connection: DuckDBConnection,
  selection: Selection,
  input: ViewInput,
): Promise<Selection | undefined> {
  await connection.run(viewBefore(selection, input))
  const sql = withoutEnd(selection.sql)
  const [[rows] = []] = await rowsOf(connection, `SELECT count(*) FROM (${sql})`)
  const isShort = Number(rows) <= maxSelectedRows
  await connection.run(`${isShort ? `CREATE TEMP TABLE ${probedRows} AS ${sql}; ` : ''}DROP VIEW ${rowsBeforeNames}`)
  return isShort ? selection : undefined
}

export function withoutEnd(sql: string): string {
  return sql.replace(/[\s;]+$/, '')
}
