import { endpointColumns, nodeColumns, type EndpointPart } from '../../model/endpoint.ts'
import { fileList, quoted } from '../duck.ts'
import { serviceColumns, serviceEvidence, serviceSql } from '../../model/service-port.ts'
import type { Summed } from '../file-sums/view.ts'
import type { Stream } from '../names.ts'
import type { StoredFile } from '../record.ts'
import { computedOf, computedType, type ComputedColumns } from './computed-columns.ts'
import { endpointColumn, fileColumns, flowColumns, hasColumn, dictionaryFields, type FileColumn } from '../schema.ts'

export type ViewInput = Readonly<{
  directory: string
  files: readonly StoredFile[]
  sources: readonly (string | undefined)[]
  words: readonly string[]
  /** NULL otherwise: lists of ports in SQL become joins, even if no statement reads the column. */
  withService?: boolean
  /** Flows can have ids without an endpoint. */
  lacksEndpoints?: boolean
  /** The view reads the value ranges of all files before it plans a statement. */
  withRanges?: boolean
  /**
   * Columns of the views of flows, in lower case; others are absent. Each column takes time to plan. Undefined: all.
   */
  columns?: ReadonlySet<string> | undefined
  /** Computed columns of the views of flows, besides `columns`. */
  computed?: ComputedColumns | undefined
  summed?: Summed | undefined
  /** Condition of all rows that the statement needs, or '', and their estimated number, by name of the file. */
  within?: ReadonlyMap<string, Readonly<{ sql: string; rows: number }>> | undefined
  /** Database of the states of cloud resources. */
  inventory?: string
}>

/** Addresses in the form of {@link addressesOf}. A join costs as much as the rest of the query. */
export type RequestedAddresses = ReadonlySet<string>

export function scan(stream: Stream, input: ViewInput, columns: readonly FileColumn[] = fileColumns[stream]): string {
  const groups = new Map<
    string,
    { readonly file: StoredFile; readonly more: string; readonly condition: string; paths: string[]; rows: number }
  >()
  const computed = stream === 'flows' ? input.computed : undefined
  for (const file of input.files) {
    if (file.stream !== stream) continue
    const { sql: condition, rows } = input.within?.get(file.name) ?? { sql: '', rows: file.rows }
    const computedColumns = computed === undefined ? '' : `, ${computedOf(file, computed).join(', ')}`
    const key = `${file.columns ?? `version ${file.schema}`} ${computedColumns} ${condition} ${file.table?.name ?? ''}`
    const group = groups.get(key)
    const path = `${input.directory}/${file.name}`
    if (group === undefined) groups.set(key, { file, more: computedColumns, condition, paths: [path], rows })
    else {
      group.paths.push(path)
      group.rows += rows
    }
  }
  const list = (file: StoredFile) =>
    columns
      .map((column) => (hasColumn(file, column) ? `"${column.name}"` : `NULL::${column.type} AS "${column.name}"`))
      .join(', ')
  if (groups.size === 0) {
    const typedColumns = [...columns, ...(computed?.names ?? []).map((name) => ({ name, type: computedType(name) }))]
    return `SELECT ${typedColumns.map(({ name, type }) => `NULL::${type} AS "${name}"`).join(', ')} WHERE false`
  }
  return [...groups.values()]
    .map(({ file, more, condition, paths, rows }) => {
      const { table } = file
      const conditions = [table?.where ?? '', condition].filter((text) => text !== '')
      const whereClause = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
      return `SELECT ${list(file)}${more} FROM ${table?.name ?? parquetSql(paths, rows, input)}${whereClause}`
    })
    .join(' UNION ALL ')
}

/** DuckDB estimates the rows from the first file alone, and would make a hash table of flows instead of endpoints. */
function parquetSql(paths: readonly string[], rows: number, { withRanges }: ViewInput): string {
  // Without `union_by_name`, DuckDB knows the ranges of values of single files only.
  const ranges = withRanges === true ? ', union_by_name = true' : ''
  return `read_parquet(${fileList(paths)}, explicit_cardinality = ${rows}${ranges})`
}

const addresses = flowColumns.filter(({ kind }) => kind === 'ip')

function joinAlias(field: string) {
  return `"${field}_of"`
}

function textAtIndexSql(strings: readonly (string | undefined)[], index: string) {
  if (strings.length === 0) return 'NULL::VARCHAR'
  return `[${strings.map((text) => (text === undefined ? 'NULL' : quoted(text))).join(', ')}][${index}]`
}

export function position(input: ViewInput): string {
  const source = textAtIndexSql(input.sources.slice(1), 'r._source')
  // Each `||` would create another intermediate string.
  return `CAST(${source} || concat(':', r._epoch, ':', r._sequence, ':', r._row) AS VARCHAR) AS _pos`
}

export const flowOrder: readonly string[] = [
  'time_start',
  'time_end',
  'time_received',
  'src_addr',
  'dst_addr',
  'exporter_addr',
  'src_port',
  'dst_port',
  'proto',
  'tcp_flags',
  'direction',
  'dscp',
  'vlan',
  'in_if',
  'out_if',
  'bytes',
  'packets',
  'sampling',
  'bytes_est',
  'packets_est',
  'protocol',
  'protocol_version',
  'time_skewed',
  'src_name',
  'src_label',
  'dst_name',
  'dst_label',
  '_pos',
]

/** `src_addr` and part `addr` or `namespace`. Undefined if the column is of several endpoints, or of none. */
export function endpointPartOf(column: string): Readonly<{ field: string; part: string }> | undefined {
  const [address, ...more] = addressesOf(column)
  const [field, part = 'addr'] = address?.split('/') ?? []
  return field === undefined || more.length > 0 ? undefined : { field, part }
}

const names: Readonly<Record<string, readonly (readonly [field: string, part: EndpointPart])[]>> = Object.fromEntries(
  [...endpointColumns].map(([column, { part, ends }]) => [column, ends.map((end) => [`${end}_addr`, part] as const)]),
)

/** Fields for which the view has the lesser text of both ends. */
const leastOf: ReadonlySet<string> = new Set(
  [...endpointColumns].flatMap(([column, { least }]) => (least === true ? [column] : [])),
)

type Joins = Readonly<{
  fields: ReadonlySet<string>
  parts: ReadonlySet<string>
}>

function flowExpression(column: string, input: ViewInput, { fields, parts }: Joins): string {
  // A join copies a column even of NULL.
  const endpoint = (field: string, part: string) =>
    fields.has(field) && parts.has(part) ? `${joinAlias(field)}.${part}` : undefined
  const namedColumn = names[column]
  if (namedColumn !== undefined) {
    const results = namedColumn.map(([field, part]) => endpoint(field, part)).filter((text) => text !== undefined)
    if (leastOf.has(column) && results.length > 1)
      return `coalesce(r.${column}, least(${results.join(', ')})) AS ${column}`
    // The value in the flow has priority over the joined one.
    return results.length === 0 ? `r."${column}"` : `coalesce(r.${column}, ${results.join(', ')}) AS ${column}`
  }
  if (column === '_pos') return position(input)
  // Exact for any 64-bit count and sampling interval.
  if (column === 'bytes_est' || column === 'packets_est')
    return `r.${column.slice(0, -4)}::HUGEINT * coalesce(r.sampling, 1) AS ${column}`
  if (column === 'service_port' || column === 'initiator') return serviceColumn(column, input)
  if (column === 'time_skewed') return 'r.time_skewed::BOOLEAN AS time_skewed'
  const field = flowColumns.find((flowColumn) => flowColumn.field === column)
  if (field?.kind === 'ip') {
    const end = nodeColumns.get(column)
    const endpoints = [endpoint(column, 'addr'), end === undefined ? undefined : endpoint(`${end}_addr`, 'node_addr')]
    const addresses = endpoints.filter((text) => text !== undefined)
    return `${addresses.length === 0 ? 'NULL::VARCHAR' : `coalesce(${addresses.join(', ')})`} AS "${column}"`
  }
  if (dictionaryFields.has(column)) return `${textAtIndexSql(input.words.slice(1), `r."${column}"`)} AS "${column}"`
  return `r."${column}"`
}

/** The number that files have for the protocol of NetObserv's agent; null if no row has it. */
export function agentOf(words: readonly string[]): string | null {
  const number = words.indexOf('netobserv')
  return number < 0 ? null : String(number)
}

function serviceColumn(column: (typeof serviceColumns)[number], { words, withService }: ViewInput) {
  const isPort = column === 'service_port'
  if (withService !== true) return `NULL::${isPort ? 'USMALLINT' : 'VARCHAR'} AS ${column}`
  const { port, initiator } = serviceSql('duckdb', { alias: 'r', agent: agentOf(words) })
  return `${isPort ? `(${port})::USMALLINT` : initiator} AS ${column}`
}

/** `src_addr`, or `src_addr/namespace`, which is omitted if no file has it. */
export function addressesOf(column: string): readonly string[] {
  const namedColumn = names[column]
  if (namedColumn !== undefined) return namedColumn.map(([field, part]) => `${field}/${part}`)
  const fields = addresses.filter(({ field }) => field === column).map(({ field }) => field)
  const end = nodeColumns.get(column)
  return end === undefined ? fields : [...fields, `${end}_addr/node_addr`]
}

function joinsFor(requested: RequestedAddresses, input: ViewInput): Joins {
  const parts = new Set(
    fileColumns.endpoints
      .filter((column) => input.files.some((file) => file.stream === 'endpoints' && hasColumn(file, column)))
      .map(({ name }) => name),
  )
  const storedFields = new Set(
    addresses
      .filter((column) => input.files.some((file) => file.stream === 'flows' && hasColumn(file, column)))
      .map(({ field }) => field),
  )
  const fields = [...requested].flatMap((text) => {
    const [field = '', part = 'addr'] = text.split('/')
    return storedFields.has(field) && parts.has(part) ? [field] : []
  })
  return { fields: new Set(fields), parts }
}

export function columnsBehind(columns: Iterable<string>): ReadonlySet<string> {
  const requiredColumns = new Set<string>()
  for (const column of columns) {
    for (const address of addressesOf(column)) requiredColumns.add(endpointColumn(address.split('/')[0] ?? ''))
    if (column === '_pos') for (const name of ['_source', '_epoch', '_sequence', '_row']) requiredColumns.add(name)
    else if (column === 'bytes_est' || column === 'packets_est')
      requiredColumns.add(column.slice(0, -4)).add('sampling')
    else if (column === 'service_port' || column === 'initiator')
      for (const name of serviceEvidence) requiredColumns.add(name)
    else requiredColumns.add(column)
  }
  return requiredColumns
}

export const everyAddress: RequestedAddresses = new Set(addresses.map(({ field }) => field))

export const rowsBeforeNames = 'flows_before_names'

/** Prefix of the names of file columns in views that also have computed columns. */
export const filePrefix = 'f$'

export const endpointsView = 'flow_endpoints'

export function endpointIds(field: string): string {
  return filePrefix + endpointColumn(field)
}

type FlowsFrom = Readonly<{
  rows?: string
  prefix?: string
  /** `rows` are sums with these columns, which the view has too, besides those from which its own are computed. */
  sums?: readonly string[]
}>

const later = flowColumns.map(({ field }) => field).filter((field) => !flowOrder.includes(field))
export const flowViewColumns: readonly string[] = [...flowOrder, ...later, ...serviceColumns]

/** A view needs a column, also for `count(*)`. */
const anyColumn = 'time_received'

/** Columns of the view, those of files that they need, and those of files that the view has with the prefix. */
function namedColumns({ columns: named }: ViewInput) {
  const { flows: inFiles } = fileColumns
  if (named === undefined) return { shown: flowViewColumns, read: inFiles, prefixed: inFiles }
  const results = flowViewColumns.filter((column) => named.has(column))
  const prefixed = inFiles.filter(({ name }) => named.has(filePrefix + name))
  const shownColumns = results.length + prefixed.length === 0 ? [anyColumn] : results
  const requiredColumns = columnsBehind(shownColumns)
  return {
    shown: shownColumns,
    prefixed,
    read: inFiles.filter((column) => requiredColumns.has(column.name) || prefixed.includes(column)),
  }
}

export function flowsView(input: ViewInput, requested: RequestedAddresses, from: FlowsFrom = {}): string {
  const { shown, read, prefixed } = namedColumns(input)
  const { rows = scan('flows', input, read), prefix, sums } = from
  const joining = joinsFor(requested, input)
  const joinsFewRows = from.rows !== undefined && sums === undefined && joining.fields.size > 0
  const viewColumns = sums === undefined ? shown : shown.filter((column) => input.columns?.has(column))
  const columns = [
    ...viewColumns.map((column) => flowExpression(column, input, joining)),
    ...(sums ?? []).map((column) => `r."${column}"`),
  ]
  if (from.rows === undefined && input.computed !== undefined)
    columns.push(...input.computed.names.map((name) => `r."${name}"`))
  if (prefix !== undefined) columns.push(...prefixed.map(({ name }) => `r."${name}" AS "${prefix}${name}"`))
  const joinedAddresses = addresses.filter(({ field }) => joining.fields.has(field))
  const endpoints = `(${scan(
    'endpoints',
    input,
    fileColumns.endpoints.filter(({ name }) => joining.parts.has(name)),
  )})`
  const joins = joinedAddresses.map(
    ({ field, name }) =>
      `LEFT JOIN ${joinsFewRows ? 'named' : endpoints} ${joinAlias(field)} ON r."${name}" = ${joinAlias(field)}.ep`,
  )
  const view = `SELECT ${columns.join(', ')} FROM ${joinsFewRows ? 'chosen' : `(${rows})`} r ${joins.join(' ')}`
  if (!joinsFewRows) return view
  // The selected rows are read once, for all joins.
  const ids = joinedAddresses.map(({ name }) => `SELECT "${name}" FROM chosen`).join(' UNION ALL ')
  return `WITH chosen AS MATERIALIZED (${rows}), named AS MATERIALIZED (SELECT * FROM ${endpoints}
      WHERE ep IN (${ids})) ${view}`
}

const eventOrder = [
  'id',
  'source',
  'type',
  'subject',
  'time',
  'datacontenttype',
  'dataschema',
  'extensions',
  'data',
  'family',
  'ref',
  'key',
  'time_received',
  '_pos',
  'data_base64',
]

export function eventsView(input: ViewInput): string {
  const columns = eventOrder.map((column) => (column === '_pos' ? position(input) : `r."${column}"`))
  return `SELECT ${columns.join(', ')} FROM (${scan('events', input)}) r`
}
