/** Views of one statement, and errors of DuckDB as a user reads them. */
import { WeirError } from '../../model/errors.ts'
import { kubernetesViews } from '../kubernetes/views.ts'
import { rollupViews } from '../rollup/views.ts'
import { fileColumns } from '../schema.ts'
import type { Pin } from '../versions.ts'
import type { KeptOf } from './kept.ts'
import { filePrefix } from './newest.ts'
import { receivedWithin } from './receipt.ts'
import type { Statement } from './statement.ts'
import { eventsView, flowsView, rowsBeforeNames, type ViewInput } from './views.ts'

export function viewInput(pin: Pin, directory: string, { receipt }: Statement): ViewInput {
  const sources: (string | undefined)[] = []
  for (const [name, { id }] of Object.entries(pin.state.sources)) sources[id] = name
  return { directory, files: receivedWithin(pin.files, receipt), sources: Array.from(sources), words: pin.state.words }
}

/** Definitions of views that the statement may speak of: making one opens the first of its files and looks for all the others. */
export function viewsOf(statement: Statement, input: ViewInput, kept: KeptOf): string {
  const asked = statement.sql.toLowerCase()
  const own = statement.own === undefined ? '' : `; CREATE TEMP VIEW ${statement.own.name} AS ${statement.own.sql(input)}`
  const others = `${rollupViews(statement, input)}${kubernetesViews(statement, input, kept)}${own}`
  // What names none of them may ask which there are.
  const wanted = (name: string): boolean => statement.reads?.has(name) ?? (others === '' || new RegExp(`\\b${name}\\b`).test(asked))
  return [...(wanted('flows') ? [flowsViews(statement, input)] : []), ...(wanted('events') ? [`CREATE TEMP VIEW events AS ${eventsView(input)}`] : [])].join('; ') + others
}

function flowsViews({ addresses, selection }: Statement, input: ViewInput): string {
  if (selection === undefined) return `CREATE TEMP VIEW flows AS ${flowsView(input, addresses)}`
  const columns = fileColumns.flows.map((column) => (selection.columns.includes(column) ? `"${filePrefix}${column.name}" AS "${column.name}"` : `NULL::${column.type} AS "${column.name}"`))
  const rows = `SELECT ${columns.join(', ')} FROM (${selection.sql.replace(/;\s*$/, '')})`
  return `CREATE TEMP VIEW ${rowsBeforeNames} AS ${flowsView(input, selection.addresses, { prefix: filePrefix })}; CREATE TEMP VIEW flows AS ${flowsView(input, addresses, { rows })}`
}

export function withoutEnd(sql: string): string {
  return sql.replace(/[\s;]+$/, '')
}

/** DuckDB's errors are the asker's: bad names, failed casts, too little memory. */
export async function refusing<Value>(asked: Promise<Value>, directory: string): Promise<Value> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof WeirError) throw error
    const message = (error instanceof Error ? error.message : String(error)).replaceAll(`${directory}/`, '').replaceAll(directory, '')
    throw new WeirError('WEIR_SQL_REFUSED', message, { cause: error })
  }
}
