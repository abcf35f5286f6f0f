import { auditTexts, compileSql, type Dialect } from '../../query/index.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import { listOf } from '../comma-list.ts'
import { textConditions } from '../conditions.ts'
import { filterOf } from '../filter-text.ts'
import { auditScope, type Viewer } from '../scope.ts'
import { absentValue, auditFacets, type AuditFacet, type AuditSelection } from './schema.ts'

export function auditConditions(query: AuditSelection, viewer: Viewer, dialect: Dialect): string[] {
  const scope = auditScope(viewer, dialect)
  return [
    ...(scope === undefined ? [] : [scope]),
    ...auditFacets.flatMap((name) => chosen(dialect, name, query[name])),
    ...textConditions(dialect, query.text, auditTexts),
    ...(query.filter === undefined ? [] : [compileSql(filterOf(query.filter, 'audit').bound, { dialect })]),
  ]
}

/** With the time range. */
export function spannedConditions(
  query: AuditSelection,
  { from, to }: TimeSpan,
  viewer: Viewer,
  dialect: Dialect,
): string {
  const { time } = dialect
  return [`time >= ${time(from)}`, `time < ${time(to)}`, ...auditConditions(query, viewer, dialect)].join(' AND ')
}

function chosen(dialect: Dialect, column: AuditFacet, written: string | undefined): string[] {
  const values = listOf(written)
  const [included, without] = [
    values.filter((value) => !value.startsWith('!')),
    values.filter((value) => value.startsWith('!')).map((value) => value.slice(1)),
  ]
  // Equality is evaluated while files are read.
  return [
    ...(included.length === 0 ? [] : [isAmong(dialect, column, included)]),
    ...(without.length === 0 ? [] : [`NOT ${dialect.decided(isAmong(dialect, column, without))}`]),
  ]
}

function isAmong(dialect: Dialect, column: AuditFacet, values: readonly string[]): string {
  const present = values.filter((value) => value !== absentValue)
  const tests = [
    ...(present.length === 0 ? [] : [`${column} IN (${present.map(dialect.text).join(', ')})`]),
    ...(present.length < values.length ? [`${column} IS NULL`] : []),
  ]
  return `(${tests.join(' OR ')})`
}
