import type { DuckDBConnection } from '@duckdb/node-api'
import { quoted, rowsOf } from '../duck.ts'
import { fileColumns, type FileColumn } from '../schema.ts'
import { markAddresses, type MarkedTexts } from './address-ids.ts'
import { addressesOf, columnsBehind, filePrefix, rowsBeforeNames, type RequestedAddresses } from './views.ts'
import { isRecord } from '../../model/json.ts'

/** Row selection without names: DuckDB would join names to all rows of `SELECT … FROM flows … LIMIT n`. */
export type Selection = Readonly<{
  sql: string
  addresses: RequestedAddresses
  isProbe: boolean
  /** Columns of files. */
  columns: readonly FileColumn[]
  /** Names in conditions and orders, in lower case. */
  used: ReadonlySet<string>
  byIds?: Readonly<{ sql: string; addresses: RequestedAddresses; used: ReadonlySet<string>; texts: MarkedTexts }>
}>

/** With more, joins are the smaller cost. */
const maxRows = 1_000_000
export const maxSelectedRows = 50_000

/** The condition is evaluated twice. */
const volatile = new Set(['random', 'uuid', 'gen_random_uuid', 'uuidv4', 'uuidv7', 'currval', 'txid_current'])

type Node = Readonly<Record<string, unknown>>

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Undefined if the expression cannot be repeated. */
function columnsOf(expression: unknown, columns = new Set<string>()): Set<string> | undefined {
  if (Array.isArray(expression))
    return expression.every((value) => columnsOf(value, columns) !== undefined) ? columns : undefined
  // Changed by the parser, which read a double.
  if (typeof expression === 'number' && Number.isInteger(expression) && !Number.isSafeInteger(expression))
    return undefined
  if (!isRecord(expression)) return columns
  const { class: kind } = expression
  if (
    kind === 'SUBQUERY' ||
    kind === 'STAR' ||
    kind === 'WINDOW' ||
    kind === 'LAMBDA' ||
    kind === 'POSITIONAL_REFERENCE' ||
    kind === 'PARAMETER'
  )
    return undefined
  if (kind === 'FUNCTION' && volatile.has(String(expression['function_name']).toLowerCase())) return undefined
  if (kind === 'COLUMN_REF')
    for (const part of list(expression['column_names'])) columns.add(String(part).toLowerCase())
  return Object.entries(expression).every(
    ([key, value]) => key === 'query_location' || columnsOf(value, columns) !== undefined,
  )
    ? columns
    : undefined
}

function rowsIn(expression: unknown): number | undefined {
  if (expression === null) return 0
  const value =
    isRecord(expression) && expression['class'] === 'CONSTANT' && isRecord(expression['value'])
      ? expression['value']['value']
      : undefined
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

/** Functions of columns: no aggregates, no windows. */
const plainFunctions = new Set(['epoch_us'])

function isPlain(expression: unknown): boolean {
  if (!isRecord(expression)) return false
  if (expression['class'] === 'COLUMN_REF') return true
  return (
    expression['class'] === 'FUNCTION' &&
    plainFunctions.has(String(expression['function_name']).toLowerCase()) &&
    list(expression['children']).every(isPlain)
  )
}

function isPlainList(selected: readonly unknown[], used: ReadonlySet<string>): boolean {
  return selected.every((value) => {
    if (!isRecord(value)) return false
    if (value['class'] === 'STAR')
      return (
        value['columns'] === false &&
        value['expr'] === null &&
        list(value['replace_list']).length === 0 &&
        list(value['rename_list']).length === 0
      )
    return isPlain(value) && !used.has(String(value['alias']).toLowerCase())
  })
}

function chosenFrom(node: Node):
  | Readonly<{
      limit: Node | undefined
      count: number
      used: Set<string>
      orders: readonly unknown[]
      shown: ReadonlySet<string> | 'all'
    }>
  | undefined {
  const from = node['from_table']
  const plain =
    node['type'] === 'SELECT_NODE' &&
    isRecord(from) &&
    from['type'] === 'BASE_TABLE' &&
    String(from['table_name']).toLowerCase() === 'flows' &&
    from['schema_name'] === '' &&
    from['catalog_name'] === '' &&
    from['sample'] === null &&
    from['at_clause'] === null &&
    list(from['column_name_alias']).length === 0 &&
    isRecord(node['cte_map']) &&
    list(node['cte_map']['map']).length === 0 &&
    list(node['group_expressions']).length === 0 &&
    list(node['group_sets']).length === 0 &&
    node['aggregate_handling'] === 'STANDARD_HANDLING' &&
    node['having'] === null &&
    node['sample'] === null &&
    node['qualify'] === null
  const modifiers = list(node['modifiers'])
  if (
    !plain ||
    !modifiers.every(
      (modifier) =>
        isRecord(modifier) && (modifier['type'] === 'ORDER_MODIFIER' || modifier['type'] === 'LIMIT_MODIFIER'),
    )
  )
    return undefined
  const limit = modifiers.find(
    (modifier): modifier is Node => isRecord(modifier) && modifier['type'] === 'LIMIT_MODIFIER',
  )
  const [max, offset] =
    limit === undefined ? [0, 0] : [rowsIn(limit['limit'] ?? undefined), rowsIn(limit['offset'] ?? null)]
  if (limit === undefined && node['where_clause'] === null) return undefined
  if (max === undefined || offset === undefined || max + offset > maxRows) return undefined
  const orders = modifiers.flatMap((modifier) =>
    isRecord(modifier) && modifier !== limit ? list(modifier['orders']) : [],
  )
  // ORDER BY 1 refers to the select list.
  if (
    !orders.every(
      (order) => isRecord(order) && isRecord(order['expression']) && order['expression']['class'] === 'COLUMN_REF',
    )
  )
    return undefined
  const used = columnsOf([node['where_clause'], orders])
  if (used === undefined || !isPlainList(list(node['select_list']), used)) return undefined
  const selected = list(node['select_list'])
  const shown = selected.some((value) => isRecord(value) && value['class'] === 'STAR')
    ? 'all'
    : (columnsOf(selected) ?? 'all')
  return { limit, count: max + offset, used, orders, shown }
}

export async function selectionOf(connection: DuckDBConnection, statement: unknown): Promise<Selection | undefined> {
  const node = isRecord(statement) ? statement['node'] : undefined
  if (!isRecord(node)) return undefined
  const chosen = chosenFrom(node)
  if (chosen === undefined) return undefined
  const needed = chosen.shown === 'all' ? undefined : columnsBehind([...chosen.used, ...chosen.shown])
  const columns = fileColumns.flows.filter(({ name }) => needed === undefined || needed.has(name))
  const select = (condition: unknown, used: ReadonlySet<string>) =>
    selectionSql(connection, { ...node, where_clause: condition }, chosen, columns).then((sql) => ({
      sql,
      addresses: new Set([...used].flatMap(addressesOf)),
      used,
    }))
  const marked = markAddresses(node['where_clause'])
  const usedWithIds = marked === undefined ? undefined : columnsOf([marked.condition, chosen.orders])
  return {
    ...(await select(node['where_clause'], chosen.used)),
    isProbe: chosen.limit === undefined,
    columns,
    ...(marked === undefined || usedWithIds === undefined
      ? {}
      : { byIds: { ...(await select(marked.condition, usedWithIds)), texts: marked.texts } }),
  }
}

async function selectionSql(
  connection: DuckDBConnection,
  node: Node,
  { limit, count }: Readonly<{ limit: Node | undefined; count: number }>,
  columns: readonly FileColumn[],
): Promise<string> {
  const from = node['from_table'] as Node
  const alias = from['alias'] === '' ? 'flows' : from['alias']
  const number = (value: number): unknown => ({
    class: 'CONSTANT',
    type: 'VALUE_CONSTANT',
    alias: '',
    value: { type: { id: 'BIGINT', type_info: null }, is_null: false, value },
  })
  const selection = {
    ...node,
    select_list: columns.map(({ name }) => ({
      class: 'COLUMN_REF',
      type: 'COLUMN_REF',
      alias: '',
      column_names: [filePrefix + name],
    })),
    from_table: { ...from, table_name: rowsBeforeNames, alias },
    modifiers:
      limit === undefined
        ? []
        : list(node['modifiers']).map((value) =>
            value === limit ? { ...limit, limit: number(count), offset: null } : value,
          ),
  }
  const json = JSON.stringify(
    { error: false, statements: [{ node: selection, named_param_map: [] }] },
    (key, value: unknown) => (key === 'query_location' ? undefined : value),
  )
  const [[sql] = []] = await rowsOf(connection, `SELECT json_deserialize_sql(${quoted(json)}::JSON)`)
  return String(sql)
}
