import { createHash } from 'node:crypto'
import type { Expression } from '../ast.ts'
import { bind } from '../bind.ts'
import type { Bound } from '../bound.ts'
import type { NameTable } from '../names.ts'
import { compileSql } from '../sql.ts'
import { name, timeSql } from '../sql-text.ts'
import { print } from '../print.ts'
import type { TimeSpan } from './span.ts'

export interface QueryTime {
  /** `flow_time` for the computed one. */
  readonly name: string
  /** TIMESTAMPTZ over the view. */
  readonly sql: string
  /** Necessary condition, by which files are skipped. */
  readonly near?: (span: TimeSpan) => string
  /** Sufficient condition, cheaper than the time; undefined for short spans. */
  readonly sure?: (span: TimeSpan) => string | undefined
}

export function fieldTime(field: string): QueryTime {
  return { name: field, sql: name(field) }
}

export interface RowQuery {
  readonly names: NameTable
  readonly filter: Expression
  readonly time: QueryTime
  readonly span: TimeSpan
}

export function boundOf({ names, filter }: RowQuery): Bound {
  return bind(filter, names)
}

export function conditionOf(rowQuery: RowQuery): string {
  const { time, span } = rowQuery
  const condition = compileSql(boundOf(rowQuery))
  const near = time.near === undefined ? [] : [time.near(span)]
  const sure = time.sure?.(span)
  const within = withinSql(time.sql, span)
  return [
    ...near,
    sure === undefined ? within : `((${sure}) OR ${within})`,
    ...(condition === 'true' ? [] : [condition]),
  ].join(' AND ')
}

export function withinSql(time: string, { from, to }: TimeSpan): string {
  // BETWEEN evaluates a computed time once; only comparisons skip files.
  return isColumn(time)
    ? `${time} >= ${timeSql(from)} AND ${time} < ${timeSql(to)}`
    : `${time} BETWEEN ${timeSql(from)} AND ${timeSql(to - 1n)}`
}

function isColumn(sql: string): boolean {
  return /^(?:\w+|"\w+")$/.test(sql)
}

/** Cursors are valid for the same query only. */
export function fingerprint({ names, filter, time }: RowQuery, more: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([names.view, print(filter, names), time.name, ...more]))
    .digest('base64url')
    .slice(0, 12)
}
