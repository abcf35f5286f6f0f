/** Conditions of SQL that several topics have. */
import type { Dialect } from '../query/index.ts'
import { listOf } from './comma-list.ts'

/** None without values; `written`: values between commas. */
export function among(
  dialect: Dialect,
  column: string,
  written: string | undefined,
  meant: (value: string) => string = (value) => value,
): string[] {
  const values = listOf(written).map(meant)
  return values.length === 0 ? [] : [`${column} IN (${values.map(dialect.text).join(', ')})`]
}

export function textConditions(
  { contains, lower }: Dialect,
  written: string | undefined,
  expressions: readonly string[],
): string[] {
  if (written === undefined || written === '') return []
  const tests = expressions.map((expression) => contains(lower(`coalesce(${expression}, '')`), written.toLowerCase()))
  return [`(${tests.join(' OR ')})`]
}

/** Rows of `resources` and `relations` valid at a time, in µs. */
export function asOf(at: bigint, { time }: Dialect): string {
  return `valid_from <= ${time(at)} AND (valid_to IS NULL OR valid_to > ${time(at)})`
}
