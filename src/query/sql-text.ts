import { clampedTime } from './times.ts'
/** DuckDB has no escapes in literals. */
export function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

export function name(column: string): string {
  return `"${column.replaceAll('"', '""')}"`
}

/** From the prefix to the next text of its length. Its last character is ASCII. */
export function beginsSql(column: string, prefix: string): string {
  const next = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
  return `${column} >= ${text(prefix)} AND ${column} < ${text(next)}`
}

const plain = /^(\^?)([\w @:/,;%#&-]+)(\$?)$/

/** DuckDB 1.5.5 optimizes some expressions incorrectly (`$a`, `a^`, `(?:)$`): others are grouped, which disables it. */
export function foundSql(column: string, pattern: string): string {
  const [, start, literal, end] = plain.exec(pattern) ?? []
  if (literal === undefined) return `regexp_matches(${column}, ${text(`(${pattern})`)})`
  if (start === '^' && end === '$') return `${column} = ${text(literal)}`
  if (start === '^') return `(${beginsSql(column, literal)})`
  return `${end === '$' ? 'ends_with' : 'contains'}(${column}, ${text(literal)})`
}

/** Beyond 2^53 a cast text, because the store converts statements to JSON. */
export function integerSql(value: bigint, type: 'BIGINT' | 'UBIGINT' | 'HUGEINT'): string {
  return value >= -9_007_199_254_740_991n && value <= 9_007_199_254_740_991n ? String(value) : `'${value}'::${type}`
}

export function timeSql(us: bigint): string {
  return `make_timestamptz(${integerSql(clampedTime(us), 'BIGINT')})`
}
