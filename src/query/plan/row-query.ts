import { createHash } from 'node:crypto'
import { comparedTime, flowTime } from '../../model/computed-columns.ts'
import { flowsReceived, flowTimeOf } from '../../model/flow-time.ts'
import type { Expression } from '../ast.ts'
import { bind } from '../bind.ts'
import type { Bound } from '../bound.ts'
import { duckdb, type Dialect } from '../dialect.ts'
import type { Interval } from '../intervals.ts'
import { columnSql, type NameTable, type QueryField } from '../names.ts'
import { compileSql } from '../sql.ts'
import { print } from '../print.ts'
import type { TimeSpan } from './span.ts'

export type QueryTime = Readonly<{
  /** Name of the time field; `flow_time` for the computed one. */
  name: string
  sql: (dialect: Dialect) => string
  /** A column with the computed time in statements about many rows, if the dialect has such columns. */
  column?: string
  /** For a computed time of two columns: the condition of a span. */
  within?: (span: TimeSpan, dialect: Dialect) => string
  /**
   * Receive times of rows with a computed time in the span. They are cheaper to compare, and files are skipped by
   * them.
   */
  received?: (span: TimeSpan) => Received
}>

export type Received = Readonly<{
  /** Receive times of all rows in the span. */
  all: TimeSpan
  /** Rows with these receive times are certainly in the span; undefined for short spans. */
  sure: TimeSpan | undefined
}>

export function fieldTime(field: string): QueryTime {
  return { name: field, sql: ({ identifier }) => identifier(field) }
}

/** SQL of the time of a flow, see {@link flowTimeOf}. */
export function flowTimeSql({ micros }: Dialect): string {
  return flowTimeOf(micros)
}

export const flowTimes: QueryTime = {
  name: 'flow_time',
  sql: (dialect) => `(${flowTimeSql(dialect)})`,
  column: flowTime,
  received: flowsReceived,
}

/** SQL of the time in statements of {@link rowScans}. */
export function timeOfRows({ sql, column }: QueryTime, dialect: Dialect): string {
  return column !== undefined && dialect.hasParts ? dialect.identifier(column) : sql(dialect)
}

export type RowQuery = Readonly<{
  names: NameTable
  filter: Expression
  time: QueryTime
  span: TimeSpan
  /** Networks are tested by ids in statements about many rows of DuckDB: these need no address of each row. */
  ids?: AddressIds
}>

export type AddressIds = Readonly<{
  /** Relation of all ids (`ep`) with their addresses (`addr`). */
  view: string
  /** Id column of a field. Undefined for fields that are no address. */
  idOf: (field: QueryField) => string | undefined
}>

export function boundOf({ names, filter }: RowQuery): Bound {
  return bind(filter, names)
}

export function conditionOf(
  rowQuery: RowQuery,
  dialect: Dialect = duckdb,
  time: string = rowQuery.time.sql(dialect),
): string {
  const { span } = rowQuery
  const { all, sure } = rowQuery.time.received?.(span) ?? {}
  const inSpanSql =
    rowQuery.time.within?.(span, dialect) ??
    (all === undefined ? withinSql(time, span, dialect) : betweenSql(time, span, dialect))
  return [
    ...(all === undefined ? [] : [receivedSql(all, dialect)]),
    sure === undefined ? inSpanSql : `((${receivedSql(sure, dialect)}) OR ${inSpanSql})`,
    ...filterSql(rowQuery, dialect),
  ].join(' AND ')
}

/** Rows of the middle have equal conditions in many spans; the edges are all others. */
export type Part = 'middle' | 'edges'

const gridsUs = [86_400, 21_600, 3600, 900, 300, 60].map((seconds) => BigInt(seconds) * 1_000_000n)
/** The grid of the middle divides a span into at least so many parts. */
const gridShare = 16n

/**
 * Receive times that are certainly in the span, from and to full minutes, hours or days. Spans that start and end a
 * little later have the same middle. Undefined if it would be shorter than half of the span.
 */
export function middleOf({ time, span }: Pick<RowQuery, 'time' | 'span'>): TimeSpan | undefined {
  const { sure } = time.received?.(span) ?? {}
  if (sure === undefined || sure.from < 0n) return undefined
  const length = sure.to - sure.from
  const grid = gridsUs.find((candidate) => candidate <= length / gridShare)
  if (grid === undefined) return undefined
  const middle = { from: ((sure.from + grid - 1n) / grid) * grid, to: (sure.to / grid) * grid }
  return (middle.to - middle.from) * 2n >= span.to - span.from ? middle : undefined
}

/** SELECT of the columns of matching rows. */
export function rowsSql(
  rowQuery: RowQuery,
  columns: readonly string[],
  dialect: Dialect = duckdb,
  part?: Part,
): string {
  return rowScans(rowQuery, columns, dialect, part).join(' UNION ALL ')
}

/** Statements with all rows together. Most of a long span are scanned without their times. */
export function rowScans(
  rowQuery: RowQuery,
  columns: readonly string[],
  dialect: Dialect = duckdb,
  part?: Part,
): readonly string[] {
  const { names, time, span } = rowQuery
  const select = `SELECT ${columns.join(', ')} FROM ${names.view} WHERE`
  const { all, sure } = time.received?.(span) ?? {}
  const middle = part === undefined ? sure : middleOf(rowQuery)
  const timeSql = timeOfRows(time, dialect)
  if (all === undefined || middle === undefined) return [`${select} ${conditionOf(rowQuery, dialect, timeSql)}`]
  const filter = filterSql(rowQuery, dialect)
  const inSpanTests = [betweenSql(timeSql, span, dialect), ...filter]
  const comparedTest = dialect.hasParts ? withinSql(dialect.identifier(comparedTime), middle, dialect) : undefined
  const inMiddle = [comparedTest ?? receivedSql(middle, dialect), ...filter]
  const atEdges = [
    [receivedSql({ from: all.from, to: middle.from }, dialect), ...inSpanTests],
    [receivedSql({ from: middle.to, to: all.to }, dialect), ...inSpanTests],
  ]
  const scans = part === 'middle' ? [inMiddle] : part === 'edges' ? atEdges : [inMiddle, ...atEdges]
  return scans.map((conditions) => `${select} ${conditions.join(' AND ')}`)
}

export function receivedSql(span: TimeSpan, dialect: Dialect) {
  return withinSql('time_received', span, dialect)
}

export function filterSql(rowQuery: RowQuery, dialect: Dialect): readonly string[] {
  const { ids } = rowQuery
  const addresses = ids === undefined || !dialect.hasParts ? {} : { addresses: networksById(ids, dialect) }
  const condition = compileSql(boundOf(rowQuery), { dialect, ...addresses })
  return condition === 'true' ? [] : [condition]
}

function networksById({ view, idOf }: AddressIds, dialect: Dialect) {
  return (field: QueryField, intervals: readonly Interval[]) => {
    const id = idOf(field)
    // Indexes of files contain single addresses.
    return id === undefined || intervals.every(({ low, high }) => low === high)
      ? dialect.address(columnSql(field, dialect), intervals)
      : `${id} IN (SELECT "ep" FROM ${view} WHERE ${dialect.address('"addr"', intervals)})`
  }
}

export function withinSql(time: string, { from, to }: TimeSpan, dialect: Dialect = duckdb): string {
  const { time: moment } = dialect
  // DuckDB skips files only by comparisons of a column.
  return isColumn(time)
    ? `${time} >= ${moment(from)} AND ${time} < ${moment(to)}`
    : betweenSql(time, { from, to }, dialect)
}

/** Condition that evaluates a computed time once. */
function betweenSql(time: string, { from, to }: TimeSpan, { time: moment }: Dialect) {
  return `${time} BETWEEN ${moment(from)} AND ${moment(to - 1n)}`
}

function isColumn(sql: string) {
  return /^(?:\w+|"[\w$]+")$/.test(sql)
}

export function fingerprint({ names, filter, time }: RowQuery, more: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([names.view, print(filter, names), time.name, ...more]))
    .digest('base64url')
    .slice(0, 12)
}
