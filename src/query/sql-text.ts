/** A text as a SQL literal: DuckDB knows no escapes in one, so that doubling its quotes is all. */
export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

export function name(column: string): string {
  return `"${column.replaceAll('"', '""')}"`
}

/** Texts that begin so are those from it up to the next text of its length. The last character is ASCII. */
export function beginsSql(column: string, prefix: string): string {
  const next = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
  return `${column} >= ${text(prefix)} AND ${column} < ${text(next)}`
}

/** Expressions that say no more than where a plain text stands. */
const plain = /^(\^?)([\w @:/,;%#&-]+)(\$?)$/

/**
 * Is the expression found in the column? DuckDB's optimizer turns expressions that look simple into other tests, and some of
 * them wrongly (1.5.5: `$a`, `a^`, `(?:)$`): those that are simple we turn ourselves, the others it does not touch in a group.
 */
export function foundSql(column: string, pattern: string): string {
  const [, start, literal, end] = plain.exec(pattern) ?? []
  if (literal === undefined) return `regexp_matches(${column}, ${text(`(${pattern})`)})`
  if (start === '^' && end === '$') return `${column} = ${text(literal)}`
  if (start === '^') return `(${beginsSql(column, literal)})`
  return `${end === '$' ? 'ends_with' : 'contains'}(${column}, ${text(literal)})`
}

/** An integer as a literal. Beyond 2^53 it is a text that is cast: the store reads statements as JSON on their way. */
export function integerSql(value: bigint, type: 'BIGINT' | 'UBIGINT' | 'HUGEINT'): string {
  return value >= -9_007_199_254_740_991n && value <= 9_007_199_254_740_991n ? String(value) : `'${value}'::${type}`
}

/** A time from microseconds since 1970. */
export function timeSql(us: bigint): string {
  return `make_timestamptz(${integerSql(us, 'BIGINT')})`
}
