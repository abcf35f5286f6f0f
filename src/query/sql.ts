import type { Bound, DoubleInterval, Leaf, Match, ValueMatch } from './bound.ts'
import { duckdb, type Dialect } from './dialect.ts'
import type { Interval } from './intervals.ts'
import { placeOf } from './members.ts'
import { columnSql, type QueryField } from './names.ts'

export type SqlOptions = Readonly<{
  dialect?: Dialect
  column?: (field: QueryField) => string
  /** Alternative test of addresses, such as by endpoint ids; NULL counts as false. */
  addresses?: (field: QueryField, intervals: readonly Interval[]) => string
}>

export function compileSql(bound: Bound, options: SqlOptions = {}): string {
  const { dialect = duckdb } = options
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
      return leafSql(bound, { ...options, dialect })
  }
}

export function compileSqlValue(bound: Bound, options: SqlOptions = {}): string {
  return (options.dialect ?? duckdb).decided(compileSql(bound, options))
}

type Options = SqlOptions & { readonly dialect: Dialect }

function leafSql(leaf: Leaf, options: Options): string {
  const { field, match, negated } = leaf
  const { dialect } = options
  const column = options.column?.(field) ?? columnSql(field, dialect)
  if (match.is === 'exists') return existsSql(leaf, column, dialect)
  if (!field.kind.startsWith('list')) {
    const test =
      field.kind === 'ip' && match.is === 'integers' && options.addresses !== undefined
        ? options.addresses(field, match.intervals)
        : matchSql(field, column, match, options)
    return negated ? dialect.opposite(test) : test
  }
  const one: QueryField = { ...field, kind: field.kind === 'list<u8>' ? 'u8' : 'dict' }
  const test = dialect.anyItem(column, (item) => dialect.decided(matchSql(one, item, match, options)))
  return negated ? dialect.opposite(test) : test
}

function existsSql({ field: { kind }, negated }: Leaf, column: string, dialect: Dialect): string {
  if (kind.startsWith('list')) {
    const test = dialect.hasItems(column)
    return negated ? dialect.opposite(test) : test
  }
  return `${present(kind, column, dialect)} IS ${negated ? 'NULL' : 'NOT NULL'}`
}

function present(kind: QueryField['kind'], column: string, dialect: Dialect) {
  return kind === 'f64' ? dialect.number(column) : column
}

function matchSql(field: QueryField, column: string, match: Match, options: Options): string {
  const { dialect } = options
  switch (match.is) {
    case 'exists':
      return `${column} IS NOT NULL`
    case 'integers':
      return field.kind === 'ip'
        ? dialect.address(column, match.intervals)
        : intervalsSql(field.kind, column, match.intervals, dialect)
    case 'doubles':
      return any(match.intervals.map((interval) => doubleSql(column, interval, dialect)))
    case 'texts':
      return any([
        ...equalsSql(column, match.texts.map(dialect.text)),
        ...match.wildcards.map((wildcard) => dialect.like(column, wildcard)),
      ])
    case 'order':
      return `${column} ${match.operator} ${dialect.text(match.text)}`
    case 'found':
      return any(match.patterns.map((pattern) => dialect.found(column, pattern)))
    case 'value':
      return valueSql(field, column, match, options)
    case 'field': {
      const other = options.column?.(match.other) ?? columnSql(match.other, dialect)
      const isWide = field.kind !== match.other.kind && match.other.kind !== 'text' && field.kind !== 'text'
      const side = (kind: QueryField['kind'], of: string) => {
        const value = present(kind, of, dialect)
        return isWide ? dialect.wide(value) : value
      }
      return `${side(field.kind, column)} ${match.operator} ${side(match.other.kind, other)}`
    }
  }
}

function valueSql(field: QueryField, column: string, match: ValueMatch, options: Options): string {
  const { dialect } = options
  const { texts, integers, doubles } = match
  const { column: json, keys } = placeOf(field)
  const raw = dialect.asText(dialect.jsonMember(dialect.identifier(json), ...keys))
  const text = texts === undefined ? [] : [matchSql(field, column, texts, options)]
  return any([
    ...(texts?.is === 'order' ? [`(${dialect.startsWith(raw, '"')} AND ${text.join('')})`] : text),
    ...(integers.length === 0 ? [] : [intervalsSql('text', dialect.wholeOf(raw), integers, dialect)]),
    ...doubles.map((interval) => doubleSql(dialect.fractionOf(raw), interval, dialect)),
  ])
}

function any(tests: readonly string[]) {
  return tests.length === 1 ? tests[0]! : `(${tests.join(' OR ')})`
}

function equalsSql(column: string, values: readonly string[]) {
  return values.length === 0
    ? []
    : [values.length === 1 ? `${column} = ${values[0]}` : `${column} IN (${values.join(', ')})`]
}

function intervalsSql(
  kind: QueryField['kind'],
  column: string,
  intervals: readonly Interval[],
  dialect: Dialect,
): string {
  const singles = intervals.filter(({ low, high }) => low === high).map(({ low }) => integer(kind, low, dialect))
  const ranges = intervals
    .filter(({ low, high }) => low !== high)
    .map(({ low, high }) => rangeSql(kind, column, low, high, dialect))
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

function rangeSql(kind: QueryField['kind'], column: string, low: bigint, high: bigint, dialect: Dialect) {
  const domain = ends[kind]
  if (domain !== undefined && low <= domain.low) return `${column} <= ${integer(kind, high, dialect)}`
  if (domain !== undefined && high >= domain.high) return `${column} >= ${integer(kind, low, dialect)}`
  return `${column} BETWEEN ${integer(kind, low, dialect)} AND ${integer(kind, high, dialect)}`
}

function integer(kind: QueryField['kind'], value: bigint, dialect: Dialect) {
  if (kind === 'time') return dialect.time(value)
  if (kind === 'bool') return value === 0n ? 'false' : 'true'
  if (kind === 'mac') return dialect.text((value.toString(16).padStart(12, '0').match(/../g) ?? []).join(':'))
  return dialect.integer(value, kind === 'u64' ? 'UBIGINT' : 'HUGEINT')
}

function doubleSql(column: string, { low, high, lowOpen, highOpen }: DoubleInterval, dialect: Dialect): string {
  const value = dialect.number(column)
  const number = (given: number) => given.toExponential()
  if (low === high) return `${value} = ${number(low)}`
  const parts = [
    ...(low === -Infinity ? [] : [`${value} ${lowOpen ? '>' : '>='} ${number(low)}`]),
    ...(high === Infinity ? [] : [`${value} ${highOpen ? '<' : '<='} ${number(high)}`]),
  ]
  return parts.length === 0 ? `${value} IS NOT NULL` : `(${parts.join(' AND ')})`
}
