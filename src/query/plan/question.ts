import { createHash } from 'node:crypto'
import type { Expression } from '../ast.ts'
import { bind } from '../bind.ts'
import type { Bound } from '../bound.ts'
import type { NameTable } from '../names.ts'
import { compileSql } from '../sql.ts'
import { name, timeSql } from '../sql-text.ts'
import { print } from '../print.ts'
import type { TimeSpan } from './span.ts'

/** A time that spans and buckets are of. */
export interface QuestionTime {
  /** Of the field; `flow_time` of one that is worked out. */
  readonly name: string
  /** A timestamp with time zone, over the view. */
  readonly sql: string
  /** A condition that every row of the span meets, said in a form with which files are passed over. */
  readonly near?: (span: TimeSpan) => string
  /** A condition that only rows of the span meet, cheaper than the time itself; undefined of spans that are too short for one. */
  readonly sure?: (span: TimeSpan) => string | undefined
}

/** The time that a field has. */
export function fieldTime(field: string): QuestionTime {
  return { name: field, sql: name(field) }
}

/** Which rows are asked about, the same for pages, series and topology. */
export interface Question {
  readonly names: NameTable
  readonly filter: Expression
  readonly time: QuestionTime
  readonly span: TimeSpan
}

export function boundOf({ names, filter }: Question): Bound {
  return bind(filter, names)
}

/** The WHERE of a question, without the word. */
export function conditionOf(question: Question): string {
  const { time, span } = question
  const condition = compileSql(boundOf(question))
  const near = time.near === undefined ? [] : [time.near(span)]
  const sure = time.sure?.(span)
  const within = withinSql(time.sql, span)
  return [
    ...near,
    sure === undefined ? within : `((${sure}) OR ${within})`,
    ...(condition === 'true' ? [] : [condition]),
  ].join(' AND ')
}

/** A condition on a column, or on a time that is worked out. */
export function withinSql(time: string, { from, to }: TimeSpan): string {
  // BETWEEN works a time out once; comparisons are what a reader of the statement tells files by.
  return isColumn(time)
    ? `${time} >= ${timeSql(from)} AND ${time} < ${timeSql(to)}`
    : `${time} BETWEEN ${timeSql(from)} AND ${timeSql(to - 1n)}`
}

function isColumn(sql: string): boolean {
  return /^(?:\w+|"\w+")$/.test(sql)
}

/** Tells questions apart that a cursor must not be carried between. */
export function fingerprint({ names, filter, time }: Question, more: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([names.view, print(filter, names), time.name, ...more]))
    .digest('base64url')
    .slice(0, 12)
}
