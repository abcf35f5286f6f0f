/** SQL for the same query, with absolute times and the scope of the viewer. Nothing is executed. */
import { dialectOf, type Dialect } from '../../query/index.ts'
import { isoSpan } from '../coverage.ts'
import type { Surroundings } from '../operation.ts'
import { lastDay } from '../time-span.ts'
import { auditConditions } from './conditions.ts'
import { firstSeenOrder, firstSeenSql, loginsOrder, loginsSql, type AuditWithin } from './facts.ts'
import { auditGraphColumns, type AuditStatement, type AuditStatementQuery, type StatementName } from './schema.ts'

const shown = [
  'time',
  'severity',
  'actor',
  'actor_name',
  'impersonated_by',
  'service',
  'action',
  'resource',
  'resource_name',
  'tenant',
  'region',
  'address',
  'code',
] as const

const where = ({ from, to, conditions }: AuditWithin) =>
  `FROM audit\nWHERE ${[`time >= ${from}`, `time < ${to}`, ...conditions].join('\n  AND ')}`

const statements: Readonly<Record<StatementName, (within: AuditWithin, dialect: Dialect) => string>> = {
  traces: (within) => `SELECT ${shown.join(', ')}\n${where(within)}\nORDER BY time DESC, _pos DESC`,
  columns: (within) =>
    `SELECT ${auditGraphColumns.join(', ')}, count(*) AS traces, count(*) FILTER (WHERE severity IN ('warning', ` +
    `'incident')) AS failed, count(*) FILTER (WHERE severity = 'incident') AS incidents\n${where(within)}\nGROUP ` +
    'BY ALL\nORDER BY traces DESC',
  'first-seen': (within) => `${firstSeenSql(within)}\nORDER BY ${firstSeenOrder}`,
  logins: (within, dialect) => `${loginsSql(within, dialect)}\nORDER BY ${loginsOrder}`,
}

/** Without a store in the SQL of DuckDB. */
export function auditStatement(
  query: AuditStatementQuery,
  { store, now, viewer }: Pick<Surroundings, 'now' | 'viewer'> & Partial<Pick<Surroundings, 'store'>>,
): AuditStatement {
  const dialect = dialectOf(store ?? {})
  const { from, to } = isoSpan(lastDay(query, now))
  const within = {
    from: dialect.moment(from),
    to: dialect.moment(to),
    conditions: auditConditions(query, viewer, dialect),
  }
  return { sql: statements[query.of ?? 'traces'](within, dialect) }
}
