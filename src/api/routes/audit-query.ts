import type { FastifyInstance } from 'fastify'
import { dialectOf, type Dialect } from '../../query/index.ts'
import { isoOf } from '../../query/plan/index.ts'
import { answerJson } from '../answer.ts'
import { span } from '../../topics/time-span.ts'
import type { ApiContext } from '../options.ts'
import { firstSeenOrder, firstSeenSql, loginsOrder, loginsSql, type AuditWithin } from './audit-facts.ts'
import { auditGraphColumns } from './audit-sums.ts'
import { auditConditions, auditParameters, type AuditQuery } from '../audit-conditions.ts'
import { closed, object, problem, string } from '../json-schema.ts'

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

const statements = {
  traces: (within) => `SELECT ${shown.join(', ')}\n${where(within)}\nORDER BY time DESC, _pos DESC`,
  columns: (within) =>
    `SELECT ${auditGraphColumns.join(', ')}, count(*) AS traces, count(*) FILTER (WHERE severity IN ('warning', ` +
    `'incident')) AS failed, count(*) FILTER (WHERE severity = 'incident') AS incidents\n${where(within)}\nGROUP ` +
    'BY ALL\nORDER BY traces DESC',
  'first-seen': (within) => `${firstSeenSql(within)}\nORDER BY ${firstSeenOrder}`,
  logins: (within, dialect) => `${loginsSql(within, dialect)}\nORDER BY ${loginsOrder}`,
} as const satisfies Record<string, (within: AuditWithin, dialect: Dialect) => string>

interface Query extends AuditQuery {
  readonly of?: keyof typeof statements
}

const schema = {
  operationId: 'auditQuery',
  summary: 'SQL for the same query',
  description:
    'Returns a statement on view `audit` for POST /api/v1/sql, limited to the permitted rows, with absolute ' +
    'times. Nothing is executed.',
  querystring: closed({
    ...auditParameters,
    of: {
      type: 'string',
      enum: Object.keys(statements),
      default: 'traces',
      description: 'Columns to select; names as in /api/v1/audit and its sub-resources.',
    },
  }),
  response: {
    200: object({ sql: string }, { required: ['sql'] }),
    400: problem,
  },
} as const

export function auditQueryRoute(app: FastifyInstance, { control, host }: ApiContext): void {
  app.get('/api/v1/audit/query', { schema }, (request, reply) => {
    const query = request.query as Query
    const { from, to } = span({ from: query.from ?? 'now-24h', to: query.to ?? 'now' }, host.clock.now())
    const dialect = dialectOf(control.store ?? {})
    return answerJson(request, reply, {
      sql: statements[query.of ?? 'traces'](
        {
          from: dialect.moment(isoOf(from)),
          to: dialect.moment(isoOf(to)),
          conditions: auditConditions(query, request.principal, dialect),
        },
        dialect,
      ),
    })
  })
}
