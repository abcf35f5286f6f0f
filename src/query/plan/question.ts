import { createHash } from 'node:crypto'
import type { Expression } from '../ast.ts'
import { bind } from '../bind.ts'
import type { Bound } from '../bound.ts'
import type { NameTable } from '../names.ts'
import { compileSql } from '../sql.ts'
import { name } from '../sql-text.ts'
import { print } from '../print.ts'
import { bothWays } from '../swap.ts'
import type { TimeSpan } from './span.ts'

/** Which rows are asked about, the same for pages, series and topology. */
export interface Question {
  readonly names: NameTable
  readonly filter: Expression
  /** Also rows that match with source and destination exchanged. */
  readonly bothWays: boolean
  /** The field of the span. */
  readonly time: string
  readonly span: TimeSpan
}

export function boundOf({ names, filter, bothWays: both }: Question): Bound {
  return bind(both ? bothWays(filter, names) : filter, names)
}

/** The WHERE of a question, without the word. */
export function conditionOf(question: Question): string {
  const { time, span } = question
  const column = name(time)
  const condition = compileSql(boundOf(question))
  const within = `${column} >= make_timestamptz(${span.from}) AND ${column} < make_timestamptz(${span.to})`
  return condition === 'true' ? within : `${within} AND ${condition}`
}

/** Tells questions apart that a cursor must not be carried between. */
export function fingerprint({ names, filter, bothWays: both, time }: Question, more: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify([names.view, print(filter, names), both, time, ...more])).digest('base64url').slice(0, 12)
}
