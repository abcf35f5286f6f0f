import type { Bound, DoubleInterval, Leaf, Match } from './bound.ts'
import type { Interval } from './intervals.ts'
import type { QueryField } from './names.ts'
import { addressSql } from './sql-address.ts'
import { foundSql, integerSql, name, text, timeSql } from './sql-text.ts'

export interface SqlOptions {
  readonly column?: (field: QueryField) => string
  /** Alternative test of addresses, such as by endpoint ids; NULL counts as false. */
  readonly addresses?: (field: QueryField, intervals: readonly Interval[]) => string
}

/** WHERE condition; false or NULL if a row does not match. */
export function compileSql(bound: Bound, options: SqlOptions = {}): string {
  switch (bound.is) {
    case 'always':
      return 'true'
    case 'never':
      return 'false'
    // NULL is never negated.
    case 'and':
    case 'or':
      return `(${bound.parts.map((part) => compileSql(part, options)).join(bound.is === 'and' ? ' AND ' : ' OR ')})`
    case 'leaf':
      return leafSql(bound, options)
  }
}

function columnSql(field: QueryField): string {
  return field.sql ?? name(field.name)
}

/** True or false for every row. */
export function compileSqlValue(bound: Bound, options: SqlOptions = {}): string {
  return `coalesce(${compileSql(bound, options)}, false)`
}

function leafSql({ field, match, negated }: Leaf, options: SqlOptions): string {
  const column = options.column?.(field) ?? columnSql(field)
  if (match.is === 'exists') return existsSql(field, column, negated)
  if (!field.kind.startsWith('list')) {
    const test =
      field.kind === 'ip' && match.is === 'integers' && options.addresses !== undefined
        ? options.addresses(field, match.intervals)
        : matchSql(field, column, match, options)
    return negated ? opposite(test) : test
  }
  const item: QueryField = { ...field, kind: field.kind === 'list<u8>' ? 'u8' : 'dict' }
  const one = `coalesce(${matchSql(item, 'item', match, options)}, false)`
  const test = `len(list_filter(${column}, lambda item: ${one})) > 0`
  return negated ? opposite(test) : test
}

/** True for false or NULL. (IS DISTINCT FROM in an OR is incorrect in DuckDB 1.5.5 for files with one value.) */
function opposite(test: string): string {
  return `(${test}) IS NOT TRUE`
}

function existsSql({ kind }: QueryField, column: string, negated: boolean): string {
  if (kind.startsWith('list')) return negated ? opposite(`len(${column}) > 0`) : `len(${column}) > 0`
  return `${present(kind, column)} IS ${negated ? 'NULL' : 'NOT NULL'}`
}

function present(kind: QueryField['kind'], column: string): string {
  return kind === 'f64' ? `nullif(${column}, 'NaN'::DOUBLE)` : column
}

function matchSql(
  field: QueryField,
  column: string,
  match: Exclude<Match, { is: 'exists' }> | Match,
  options: SqlOptions,
): string {
  switch (match.is) {
    case 'exists':
      return `${column} IS NOT NULL`
    case 'integers':
      return field.kind === 'ip'
        ? addressSql(column, match.intervals)
        : intervalsSql(field.kind, column, match.intervals)
    case 'doubles':
      return any(match.intervals.map((interval) => doubleSql(column, interval)))
    case 'texts':
      return any([
        ...equalsSql(column, match.texts.map(text)),
        ...match.wildcards.map((wildcard) => `${column} LIKE ${like(wildcard)}`),
      ])
    case 'order':
      return `${column} ${match.operator} ${text(match.text)}`
    case 'found':
      return any(match.patterns.map((pattern) => foundSql(column, pattern)))
    case 'field': {
      const other = options.column?.(match.other) ?? columnSql(match.other)
      const wide =
        field.kind !== match.other.kind && match.other.kind !== 'text' && field.kind !== 'text' ? '::HUGEINT' : ''
      return `${present(field.kind, column)}${wide} ${match.operator} ${present(match.other.kind, other)}${wide}`
    }
  }
}

function any(tests: readonly string[]): string {
  return tests.length === 1 ? (tests[0] as string) : `(${tests.join(' OR ')})`
}

function equalsSql(column: string, values: readonly string[]): string[] {
  return values.length === 0
    ? []
    : [values.length === 1 ? `${column} = ${values[0]}` : `${column} IN (${values.join(', ')})`]
}

function intervalsSql(kind: QueryField['kind'], column: string, intervals: readonly Interval[]): string {
  const singles = intervals.filter(({ low, high }) => low === high).map(({ low }) => integer(kind, low))
  const ranges = intervals
    .filter(({ low, high }) => low !== high)
    .map(({ low, high }) => rangeSql(kind, column, low, high))
  return any([...equalsSql(column, singles), ...ranges])
}

const ends: Partial<Record<QueryField['kind'], Interval>> = {
  u8: { low: 0n, high: 0xffn },
  u16: { low: 0n, high: 0xffffn },
  u32: { low: 0n, high: 0xffff_ffffn },
  u64: { low: 0n, high: (1n << 64n) - 1n },
  i32: { low: -(1n << 31n), high: (1n << 31n) - 1n },
  estimate: { low: 0n, high: (1n << 96n) - 1n },
}

/** Omits ends that every value satisfies. */
function rangeSql(kind: QueryField['kind'], column: string, low: bigint, high: bigint): string {
  const domain = ends[kind]
  if (domain !== undefined && low <= domain.low) return `${column} <= ${integer(kind, high)}`
  if (domain !== undefined && high >= domain.high) return `${column} >= ${integer(kind, low)}`
  return `${column} BETWEEN ${integer(kind, low)} AND ${integer(kind, high)}`
}

function integer(kind: QueryField['kind'], value: bigint): string {
  if (kind === 'time') return timeSql(value)
  if (kind === 'bool') return value === 0n ? 'false' : 'true'
  if (kind === 'mac') return text((value.toString(16).padStart(12, '0').match(/../g) ?? []).join(':'))
  return integerSql(value, kind === 'u64' ? 'UBIGINT' : 'HUGEINT')
}

function doubleSql(column: string, { low, high, lowOpen, highOpen }: DoubleInterval): string {
  const value = present('f64', column)
  const number = (given: number): string => given.toExponential()
  if (low === high) return `${value} = ${number(low)}`
  const parts = [
    ...(low === -Infinity ? [] : [`${value} ${lowOpen ? '>' : '>='} ${number(low)}`]),
    ...(high === Infinity ? [] : [`${value} ${highOpen ? '<' : '<='} ${number(high)}`]),
  ]
  return parts.length === 0 ? `${value} IS NOT NULL` : `(${parts.join(' AND ')})`
}

function like(wildcard: string): string {
  const escaped = /[%_\\]/.test(wildcard)
  const pattern = text((escaped ? wildcard.replace(/[%_\\]/g, '\\$&') : wildcard).replaceAll('*', '%'))
  // LIKE is optimized only without an escape.
  return escaped ? `${pattern} ESCAPE '\\'` : pattern
}
