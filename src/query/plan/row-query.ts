import { createHash } from 'node:crypto'
import type { Expression } from '../ast.ts'
import { bind } from '../bind.ts'
import type { Bound } from '../bound.ts'
import { duckdb, type Dialect } from '../dialect.ts'
import type { NameTable } from '../names.ts'
import { compileSql } from '../sql.ts'
import { print } from '../print.ts'
import type { TimeSpan } from './span.ts'

export type QueryTime = Readonly<{
  /** `flow_time` for the computed one. */
  name: string
  sql: (dialect: Dialect) => string
  /** Necessary condition, by which files are skipped. */
  near?: (span: TimeSpan, dialect: Dialect) => string
  /** Sufficient condition, cheaper than the time; undefined for short spans. */
  sure?: (span: TimeSpan, dialect: Dialect) => string | undefined
}>

export function fieldTime(field: string): QueryTime {
  return { name: field, sql: ({ identifier }) => identifier(field) }
}

/** Maximum age of a flow's end time at its receipt, and the time that it may be in the future; µs. */
const flowTimeBounds = { age: 3_600_000_000n, ahead: 60_000_000n } as const

/** End time, or the receive time if the end is implausible. Integers are faster than INTERVAL arithmetic. */
export function flowTimeSql({ micros }: Dialect): string {
  const { age, ahead } = flowTimeBounds
  return (
    `CASE WHEN time_skewed IS NOT TRUE AND ${micros('time_end')} - ${micros('time_received')} BETWEEN -${age} AND ` +
    `${ahead} THEN time_end ELSE time_received END`
  )
}

export type RowQuery = Readonly<{
  names: NameTable
  filter: Expression
  time: QueryTime
  span: TimeSpan
}>

export function boundOf({ names, filter }: RowQuery): Bound {
  return bind(filter, names)
}

export function conditionOf(rowQuery: RowQuery, dialect: Dialect = duckdb): string {
  const { time, span } = rowQuery
  const condition = compileSql(boundOf(rowQuery), { dialect })
  const near = time.near === undefined ? [] : [time.near(span, dialect)]
  const sure = time.sure?.(span, dialect)
  const within = withinSql(time.sql(dialect), span, dialect)
  return [
    ...near,
    sure === undefined ? within : `((${sure}) OR ${within})`,
    ...(condition === 'true' ? [] : [condition]),
  ].join(' AND ')
}

export function withinSql(time: string, { from, to }: TimeSpan, { time: moment }: Dialect = duckdb): string {
  // BETWEEN evaluates a computed time once; only comparisons skip files.
  return isColumn(time)
    ? `${time} >= ${moment(from)} AND ${time} < ${moment(to)}`
    : `${time} BETWEEN ${moment(from)} AND ${moment(to - 1n)}`
}

function isColumn(sql: string) {
  return /^(?:\w+|"\w+")$/.test(sql)
}

export function fingerprint({ names, filter, time }: RowQuery, more: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([names.view, print(filter, names), time.name, ...more]))
    .digest('base64url')
    .slice(0, 12)
}
