import { duckdb, type Dialect } from '../dialect.ts'
import { columnSql, type QueryField } from '../names.ts'
import { conditionOf, fingerprint, type RowQuery } from './row-query.ts'

export type SortKey = Readonly<{
  field: QueryField
  descending: boolean
}>

export interface PageRequest extends RowQuery {
  readonly columns: readonly QueryField[]
  readonly sort: readonly SortKey[]
  readonly limit: number
  /** True: reads the pages of the same result in the opposite order, from the last row to the first. */
  readonly backwards?: boolean
  readonly after?: Cursor
  /** µs since 1970. Later receive times are excluded, so that pagination ends. */
  readonly upTo: bigint
}

export type Cursor = Readonly<{
  fingerprint: string
  from: bigint
  to: bigint
  upTo: bigint
  keys: readonly (string | number | boolean | null)[]
  position: string
}>

const sortable = new Set<QueryField['kind']>([
  'u8',
  'u16',
  'u32',
  'u64',
  'i32',
  'f64',
  'estimate',
  'time',
  'dict',
  'text',
  'bool',
  'ip',
  'mac',
])

export function isSortable({ kind }: QueryField): boolean {
  return sortable.has(kind)
}

/** JSON rounds times to ms and has no infinite doubles. */
function hasKeyColumn({ field }: SortKey) {
  return field.kind === 'time' || field.kind === 'f64'
}

const keyColumn = (index: number) => `_key${index}`

function exactSql(field: QueryField, dialect: Dialect) {
  const { micros, exactDouble } = dialect
  const { kind } = field
  const column = columnSql(field, dialect)
  return kind === 'time' ? micros(column) : kind === 'f64' ? exactDouble(column) : column
}

export function pageFingerprint({ sort, backwards, ...rest }: PageRequest): string {
  return fingerprint(
    rest,
    sort
      .map(({ field, descending }) => `${descending ? '-' : ''}${field.name}`)
      .concat(backwards === true ? ['backwards'] : []),
  )
}

/** Columns: the requested ones, then those for the next cursor. `among` holds for all rows of the page. */
export function pageSql(request: PageRequest, among?: string, dialect: Dialect = duckdb): string {
  const { columns, sort, limit } = request
  const selectList = [
    ...new Set([...columns, ...sort.map(({ field }) => field)].map((field) => columnAs(field, dialect))),
  ]
  const keys = sort.flatMap((key, index) =>
    hasKeyColumn(key) ? [`${exactSql(key.field, dialect)} AS ${keyColumn(index)}`] : [],
  )
  const order = [...sort.map((key) => orderSql(key, request, dialect)), positionSql(request)]
  const condition = among === undefined ? rowsSql(request, dialect) : `${among} AND ${rowsSql(request, dialect)}`
  const select = [...new Set([...selectList, dialect.identifier('_pos')])]
  return `SELECT ${[...select, ...keys].join(', ')} FROM ${request.names.view} WHERE ${condition}
      ORDER BY ${order.join(', ')} LIMIT ${limit + 1}`
}

function columnAs(field: QueryField, dialect: Dialect) {
  const name = dialect.identifier(field.name)
  return field.sql === undefined ? name : `${columnSql(field, dialect)} AS ${name}`
}

export function orderedSql(field: QueryField, dialect: Dialect): string {
  return dialect.ordered(columnSql(field, dialect), field.kind)
}

type Direction = Pick<PageRequest, 'backwards'>

/** Whether values of the key descend in the rows of the page. */
export function isFalling({ descending }: SortKey, { backwards }: Direction) {
  return descending !== (backwards === true)
}

/** Absent values are last, and so first on the way back. */
function orderSql(key: SortKey, request: Direction, dialect: Dialect) {
  const column = orderedSql(key.field, dialect)
  return `${column} ${isFalling(key, request) ? 'DESC' : 'ASC'} NULLS ${request.backwards === true ? 'FIRST' : 'LAST'}`
}

function positionSql({ backwards }: Direction) {
  return `_pos ${backwards === true ? 'DESC' : 'ASC'}`
}

function rowsSql(request: PageRequest, dialect: Dialect): string {
  const { after, upTo } = request
  return [
    conditionOf(request, dialect),
    `time_received <= ${dialect.time(upTo)}`,
    ...(after === undefined ? [] : [afterSql(request, after, dialect)]),
  ].join(' AND ')
}

/** Rows with equal keys: any of them, or those of the first positions. */
export type Ties = 'any' | 'by position'

export function keysSql(request: PageRequest, ties: Ties, dialect: Dialect = duckdb): string | undefined {
  const { sort, limit, names } = request
  if (sort.length === 0) return undefined
  const keys = sort.map(({ field }, index) => `${exactSql(field, dialect)} AS key${index}`)
  const order = [
    ...sort.map((key) => orderSql(key, request, dialect)),
    ...(ties === 'any' ? [] : [positionSql(request)]),
  ]
  return `SELECT ${keys.join(', ')}, ${dialect.micros('"time_received"')} AS received FROM ${names.view}
      WHERE ${rowsSql(request, dialect)} ORDER BY ${order.join(', ')} LIMIT ${limit + 1}`
}

type FoundKeys = Readonly<Record<string, unknown>>

export function cutInTies({ sort, limit }: PageRequest, keys: readonly FoundKeys[]): boolean {
  const [before, last] = keys.slice(-2)
  return (
    keys.length > limit &&
    before !== undefined &&
    last !== undefined &&
    sort.every((_, index) => before[`key${index}`] === last[`key${index}`])
  )
}

/** Maximum number of listed receive times; of more times only the first and the last are used. */
const maxListed = 256

export function amongKeys(
  { sort: [first], backwards }: PageRequest,
  found: readonly FoundKeys[],
  dialect: Dialect = duckdb,
): string {
  const parts: string[] = []
  const receiveTimes = [...new Set(found.map((row) => row['received']))]
    .filter((time) => typeof time === 'number' || typeof time === 'string')
    .map((time) => dialect.time(BigInt(time)))
  if (receiveTimes.length <= maxListed && receiveTimes.length > 0)
    parts.push(`"time_received" IN (${receiveTimes.join(', ')})`)
  const keys = found.map(({ key0 }) => key0)
  const values =
    first === undefined
      ? []
      : keys
          .filter((key) => typeof key === 'string' || typeof key === 'number' || typeof key === 'boolean')
          .map((key) => valueSql(first.field, key, dialect))
  if (first !== undefined && values.length > 0) {
    const ends = isFalling(first, { backwards: backwards === true })
      ? [values.at(-1), values[0]]
      : [values[0], values.at(-1)]
    const column = orderedSql(first.field, dialect)
    const isBetween = `${column} BETWEEN ${ends[0]} AND ${ends[1]}`
    // Absent values sort last: if a row of the page has one, all rows with absent values are included.
    parts.push(values.length < keys.length ? `(${isBetween} OR ${column} IS NULL)` : isBetween)
  }
  return parts.length === 0 ? 'true' : parts.join(' AND ')
}

function afterSql(request: PageRequest, { keys, position }: Cursor, dialect: Dialect): string {
  const { sort, backwards } = request
  const alternatives: string[] = []
  const equalKeys: string[] = []
  sort.forEach((sortKey, index) => {
    const { field } = sortKey
    const column = orderedSql(field, dialect)
    const key = keys[index] ?? null
    if (key === null) {
      if (backwards === true) alternatives.push([...equalKeys, `${column} IS NOT NULL`].join(' AND '))
      equalKeys.push(`${column} IS NULL`)
      return
    }
    const value = valueSql(field, key, dialect)
    const later = `${column} ${isFalling(sortKey, request) ? '<' : '>'} ${value}`
    alternatives.push([...equalKeys, backwards === true ? later : `(${later} OR ${column} IS NULL)`].join(' AND '))
    equalKeys.push(`${column} = ${value}`)
  })
  alternatives.push([...equalKeys, `_pos ${backwards === true ? '<' : '>'} ${dialect.text(position)}`].join(' AND '))
  const rows = `(${alternatives.map((alternative) => `(${alternative})`).join(' OR ')})`
  // Repeated in a form by which files are skipped.
  const [first] = sort
  const [key = null] = keys
  if (first === undefined || key === null || first.field.kind !== 'time') return rows
  const column = columnSql(first.field, dialect)
  return `${column} ${isFalling(first, request) ? '<=' : '>='} ${valueSql(first.field, key, dialect)} AND ${rows}`
}

function valueSql(
  { kind }: QueryField,
  key: string | number | boolean,
  { text, time, integer, double }: Dialect,
): string {
  if (kind === 'time') return time(BigInt(key))
  if (kind === 'bool') return key === true ? 'true' : 'false'
  if (kind === 'f64') return double(String(key))
  return kind === 'dict' || kind === 'text' || kind === 'ip' || kind === 'mac'
    ? text(String(key))
    : integer(BigInt(key), kind === 'u64' ? 'UBIGINT' : 'HUGEINT')
}

export function isKey({ kind }: QueryField, key: unknown): boolean {
  if (key === null) return true
  if (kind === 'bool') return typeof key === 'boolean'
  if (kind === 'dict' || kind === 'text' || kind === 'ip' || kind === 'mac')
    return typeof key === 'string' && !key.includes('\0')
  if (kind === 'f64') return typeof key === 'string' && /^(?:-?[\d.]+(?:e[+-]?\d+)?|-?inf|nan)$/.test(key)
  return (typeof key === 'number' && Number.isSafeInteger(key)) || (typeof key === 'string' && /^-?\d{1,39}$/.test(key))
}

type Cell = unknown

export function pageOf(
  request: PageRequest,
  answer: readonly Readonly<Record<string, Cell>>[],
): { rows: Cell[][]; next: Cursor | undefined } {
  const { columns, sort, limit, upTo, span } = request
  const shownRows = answer.slice(0, limit)
  const last = shownRows.at(-1)
  const rows = shownRows.map((row) => columns.map((column) => row[column.name] ?? null))
  if (last === undefined || answer.length <= limit) return { rows, next: undefined }
  const keys = sort.map((key, index) => keyOf(key, hasKeyColumn(key) ? last[keyColumn(index)] : last[key.field.name]))
  return {
    rows,
    next: {
      fingerprint: pageFingerprint(request),
      from: span.from,
      to: span.to,
      upTo,
      keys,
      position: String(last['_pos']),
    },
  }
}

function keyOf({ field }: SortKey, value: Cell): string | number | boolean | null {
  if (value === null || value === undefined) return null
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    throw new Error(`${field.name} is not a plain value`)
  return value
}
