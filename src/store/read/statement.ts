import type { DuckDBConnection } from '@duckdb/node-api'
import { computedColumns } from '../../model/computed-columns.ts'
import { WeirError } from '../../model/errors.ts'
import { rowsOf, quoted } from '../duck.ts'
import { sumReadsOf, type SumReads } from '../file-sums/view.ts'
import { serviceColumns } from '../../model/service-port.ts'
import { auditColumns } from '../kubernetes/changes.ts'
import { uncachedColumns } from '../kubernetes/audit.ts'
import { transferReads } from '../flows/transfers-view.ts'
import { nodeColumns } from '../kubernetes/resources.ts'
import { cachePrefix } from './file-cache.ts'
import { selectionOf, type Selection } from './newest.ts'
import { needleOf, type Needle } from './needles.ts'
import { boundsOf, comparedBoundsOf, receiveBoundsOf, textsOf, type TimeBounds } from './receipt.ts'
import type { SqlParameters } from '../../model/sql-parameters.ts'
import { outsideQueries, scopeOf, type QueryScope } from './stars.ts'
import type { ComputedColumns } from './computed-columns.ts'
import { addressesOf, endpointIds, everyAddress, type ViewInput, type RequestedAddresses } from './views.ts'

export type Statement = Readonly<{
  sql: string
  parameters?: SqlParameters
  addresses: RequestedAddresses
  /** Names in lower case of all columns that the statement can read. Undefined: any column. */
  columns?: ReadonlySet<string> | undefined
  actorBounds: TimeBounds | undefined
  readsZones: boolean
  readsService: boolean
  /** Related relations. Undefined: any. */
  related: ReadonlySet<string> | undefined
  selection: Selection | undefined
  readsEndpointIds?: boolean
  computed?: ComputedColumns | undefined
  probed?: Selection | undefined
  eventTimes: Readonly<Partial<Record<TimedView, TimeBounds>>>
  narrow: boolean
  tables: ReadonlySet<string>
  reads?: ReadonlySet<string>
  ownView?: Readonly<{ name: string; sql: (input: ViewInput) => string }> | undefined
  receiveTime: TimeBounds | undefined
  sumReads?: SumReads | undefined
  needle?: Needle | undefined
}>

const idColumns = [...everyAddress].map((field) => endpointIds(field).toLowerCase())

const timedViews = {
  changes: 'time',
  audit: 'time',
  traffic: 'hour',
  flows_1m: 'time',
  flows_5m: 'time',
  flows_1h: 'time',
} as const
type TimedView = keyof typeof timedViews

const unbounded: TimeBounds = { from: -Infinity, to: Infinity }

const kinds = new Set(['select', 'with', 'describe', 'desc', 'show', 'explain', 'summarize', 'from'])

/** Table functions without side effects. Others read files, run SQL, take pointers or change the process. */
const tableFunctions = new Set([
  'range',
  'generate_series',
  'unnest',
  'generate_subscripts',
  'json_each',
  'json_tree',
  'repeat',
  'repeat_row',
  'regexp_split_to_table',
  'histogram',
  'histogram_values',
  'pg_timezone_names',
  'duckdb_functions',
  'duckdb_keywords',
  'duckdb_types',
  'duckdb_columns',
])

const refusedFunctions = new Set([
  'write_log',
  'sleep_ms',
  'pg_sleep',
  'getenv',
  'current_setting',
  'nextval',
  'setseed',
  'finalize',
  'combine',
  'json_execute_serialized_sql',
])

/** Binding deeper ones takes minutes and cannot be interrupted. */
const maxDepth = 250
/** Maximum nested lambdas and chains of `->`: each level doubles the time. */
const maxLambdas = 12
const maxStatementLength = 1 << 18

export const allowedStatements = 'Send one statement: SELECT, WITH, DESCRIBE, SHOW, EXPLAIN or SUMMARIZE.'

function refuse(message: string): never {
  throw new WeirError('WEIR_SQL_REFUSED', message)
}

/** First word after comments, which nest as in DuckDB. */
function firstWord(sql: string, from: number): { word: string; start: number; end: number } {
  let at = from
  for (;;) {
    while (/\s/.test(sql[at] ?? '')) at++
    if (sql.startsWith('--', at)) {
      const end = sql.slice(at).search(/[\r\n]/)
      at = end < 0 ? sql.length : at + end
    } else if (sql.startsWith('/*', at)) at = afterComment(sql, at)
    else break
  }
  const word = /^[a-z_]+/i.exec(sql.slice(at, at + 32))?.[0] ?? ''
  return { word: word.toLowerCase(), start: at, end: at + word.length }
}

function afterComment(sql: string, from: number): number {
  let depth = 0
  let at = from
  do {
    if (sql.startsWith('/*', at)) depth++
    else if (sql.startsWith('*/', at)) depth--
    else {
      at++
      continue
    }
    at += 2
  } while (depth > 0 && at < sql.length)
  return at
}

function explained(sql: string, from: number): string {
  const next = firstWord(sql, from)
  if (next.word === 'analyze' || next.word === 'analyse') return sql.slice(next.end)
  // Words only: a quote could hide the end of the list.
  const options = /^\(\s*(?:analy[sz]e|format)\b[\w\s,]*\)/i.exec(sql.slice(next.start))
  return options === null ? sql.slice(from) : sql.slice(next.start + options[0].length)
}

/** Checks that a text is one read-only statement, without reading data. Rejects with WEIR_SQL_REFUSED. */
export async function checkStatement(connection: DuckDBConnection, sql: string): Promise<Statement> {
  if (sql.includes('\0')) refuse('Remove the NUL characters from the statement.')
  if (sql.length > maxStatementLength) refuse('The statement is longer than 262,144 characters.')
  const first = firstWord(sql, 0)
  checkKind(sql, first, 'The statement')
  const query = first.word === 'explain' ? explained(sql, first.end) : sql
  if (first.word === 'explain') checkKind(query, firstWord(query, 0), 'What EXPLAIN explains')
  const tree = await parse(connection, query, sql.slice(0, sql.length - query.length))
  const names = inspect(tree)
  const transfers = names.tables.has(transfersName)
  if (transfers) for (const column of transferReads) names.columns.add(column)
  const addresses = requestedAddresses(names)
  const ids = idColumns.some((column) => names.columns.has(column))
  const computed = computedColumns.filter((column) => names.columns.has(column))
  const isWhole = addresses.size === 0 || ids || computed.length > 0 || transfers
  const chosenSelection = isWhole ? undefined : await selectionOf(connection, tree).catch(() => undefined)
  const selection = chosenSelection?.isProbe === true && first.word === 'explain' ? undefined : chosenSelection
  const times = Object.fromEntries(
    Object.entries(timedViews).flatMap(([view, column]) => {
      const bounds = boundsOf(tree, view, column)
      return bounds === undefined ? [] : [[view, bounds]]
    }),
  )
  return {
    sql,
    addresses,
    columns: everyColumn(names) ? undefined : names.columns,
    readsEndpointIds: ids,
    computed: computed.length === 0 ? undefined : { names: computed, received: comparedBoundsOf(tree) },
    actorBounds: isVisible(names, auditColumns) ? (times.changes ?? unbounded) : undefined,
    eventTimes: times,
    narrow: names.tables.has('audit') && !isVisible(names, uncachedColumns),
    tables: names.tables,
    readsZones: isVisible(names, nodeColumns),
    readsService: isVisible(names, new Set(serviceColumns)),
    related: textsOf(tree, 'relations', 'relation'),
    selection,
    receiveTime: transfers ? transferBoundsOf(tree, names.tables) : receiveBoundsOf(tree),
    sumReads: sumReadsOf(tree, names.tables),
    needle: transfers ? undefined : needleOf(tree),
  }
}

const transfersName = 'transfers'

/** True if the statement reads transfers, which are computed from `flows`. */
export function readsTransfers({ tables, reads }: Pick<Statement, 'tables' | 'reads'>): boolean {
  return reads === undefined && tables.has(transfersName)
}

/** Time bounds of the flows that the view reads. A statement that also reads `flows` directly needs both ranges. */
function transferBoundsOf(tree: unknown, tables: ReadonlySet<string>): TimeBounds | undefined {
  return tables.has('flows') ? undefined : boundsOf(tree, transfersName, 'time_received')
}

function checkKind(sql: string, { word, start }: { word: string; start: number }, what: string) {
  if (start >= sql.length) refuse(`There is no statement. ${allowedStatements}`)
  if (sql[start] === '(' || kinds.has(word)) return
  const begin = word === '' ? (sql[start] ?? '') : word.toUpperCase()
  refuse(`${what} begins with ${begin}, which is not allowed. ${allowedStatements}`)
}

type ParsedSql = Readonly<{
  error: boolean
  error_type?: string
  error_message?: string
  position?: string
  statements?: readonly unknown[]
}>

function markedLine(sql: string, position: number): string {
  const bytes = Buffer.from(sql)
  if (!Number.isInteger(position) || position < 0 || position > bytes.length) return ''
  const lines = bytes.subarray(0, position).toString().split('\n')
  const head = `LINE ${lines.length}: `
  const before = lines.at(-1) ?? ''
  const errorLine = sql.split('\n')[lines.length - 1] ?? ''
  const from = Math.max(0, before.length - 60)
  const ellipsis = from > 0 ? '...' : ''
  const indent = ' '.repeat(head.length + ellipsis.length + before.length - from)
  return `\n\n${head}${ellipsis}${errorLine.slice(from, from + 120)}\n${indent}^`
}

async function parse(connection: DuckDBConnection, sql: string, before: string): Promise<unknown> {
  const [[text] = []] = await rowsOf(connection, `SELECT json_serialize_sql(${quoted(sql)}, skip_empty := false)`)
  const parsedSql = JSON.parse(String(text)) as ParsedSql
  if (parsedSql.error) {
    if (parsedSql.error_type === 'not implemented')
      refuse(`Only queries are allowed here; the text contains another statement. ${allowedStatements}`)
    const marked = markedLine(before + sql, Buffer.byteLength(before) + Number(parsedSql.position ?? Number.NaN))
    refuse(`SQL syntax error: ${parsedSql.error_message ?? 'unknown'}.${marked}`)
  }
  const statements = parsedSql.statements ?? []
  if (statements.length !== 1)
    refuse(
      statements.length === 0
        ? `There is no statement. ${allowedStatements}`
        : `Only one statement is allowed. ${allowedStatements}`,
    )
  return statements[0]
}

interface Names {
  readonly columns: Set<string>
  readonly last: Set<string>
  readonly tables: Set<string>
  everything: boolean
}

function inspect(tree: unknown): Names {
  const names: Names = { columns: new Set(), last: new Set(), tables: new Set(), everything: false }
  const visit = (node: unknown, depth: number, arrows: number, outer: QueryScope) => {
    if (depth > maxDepth || arrows > maxLambdas)
      refuse("The statement is nested too deeply. (For JSON, write data->'$.a.b.c' instead of a chain of arrows.)")
    if (Array.isArray(node)) {
      for (const child of node) visit(child, depth, arrows, outer)
      return
    }
    if (typeof node !== 'object' || node === null) return
    const fields = node as Record<string, unknown>
    const query = scopeOf(fields, outer)
    const scope = query?.scope ?? outer
    const text = (key: string) => (typeof fields[key] === 'string' ? fields[key].toLowerCase() : '')
    if (fields['type'] === 'TABLE_FUNCTION') {
      const called = fields['function'] as { readonly function_name?: string } | undefined
      const name = (called?.function_name ?? '').toLowerCase()
      if (!tableFunctions.has(name))
        refuse(`Table function ${name} is not allowed; query the views, for example FROM flows.`)
    }
    if (fields['class'] === 'FUNCTION' && refusedFunctions.has(text('function_name')))
      refuse(`Function ${text('function_name')} is not allowed.`)
    if (
      (fields['class'] === 'STAR' && scope.isOfView(text('relation_name'))) ||
      fields['type'] === 'PIVOT' ||
      fields['type'] === 'SHOW_REF' ||
      fields['class'] === 'POSITIONAL_REFERENCE'
    )
      names.everything = true
    if (fields['class'] === 'COLUMN_REF' && Array.isArray(fields['column_names'])) {
      for (const part of fields['column_names']) names.columns.add(String(part).toLowerCase())
      names.last.add(String(fields['column_names'].at(-1)).toLowerCase())
    }
    if (fields['class'] === undefined)
      for (const key of ['alias', 'table_name']) if (text(key) !== '') names.tables.add(text(key))
    if (
      fields['type'] === 'BASE_TABLE' &&
      [text('catalog_name'), text('schema_name')].some((name) => name.startsWith(cachePrefix))
    )
      refuse(`There is no table ${text('schema_name')}.${text('table_name')}.`)
    // FROM flows AS f(a, b, …) renames columns.
    if (Array.isArray(fields['column_name_alias']) && fields['column_name_alias'].length > 0) names.everything = true
    if (Array.isArray(fields['using_columns']))
      for (const part of fields['using_columns']) names.columns.add(String(part).toLowerCase())
    if (text('ref_type') === 'natural') names.everything = true
    for (const [key, value] of Object.entries(fields)) {
      if (query === undefined || key !== 'cte_map')
        visit(value, depth + 1, fields['class'] === 'LAMBDA' ? arrows + 1 : arrows, scope)
    }
    for (const definition of query?.definitions ?? []) {
      names.tables.add(definition.name)
      visit(definition.query, depth + 2, arrows, definition.scope)
    }
  }
  visit(tree, 0, 0, outsideQueries)
  return names
}

function everyColumn({ last, tables, everything }: Names) {
  return everything || [...last].some((name) => tables.has(name))
}

function isVisible(names: Names, columns: ReadonlySet<string>) {
  return everyColumn(names) || [...columns].some((column) => names.columns.has(column))
}

function requestedAddresses(names: Names): RequestedAddresses {
  if (everyColumn(names)) return everyAddress
  return new Set([...names.columns].flatMap(addressesOf))
}
