import type { FastifyInstance } from 'fastify'
import {
  audit,
  auditColumns,
  auditFirstSeen,
  auditLogins,
  auditNewest,
  auditStatement,
  auditSums,
  auditTrace,
} from '../../topics/audit/index.ts'
import { AuditStatement, AuditStatementParameters, type AuditStatementQuery } from '../../topics/audit/schema.ts'
import { answerJson } from '../answer.ts'
import { problem } from '../openapi/json-schema.ts'
import type { ApiContext } from '../options.ts'
import { serve } from '../serve.ts'

export const auditSchemas = {
  AuditPage: audit.result,
  AuditTrace: auditTrace.result,
  AuditSums: auditSums.result,
  AuditColumns: auditColumns.result,
  AuditFirstSeen: auditFirstSeen.result,
  AuditLogins: auditLogins.result,
  AuditNewest: auditNewest.result,
} as const

const statementSchema = {
  operationId: 'auditQuery',
  summary: 'SQL for the same query',
  description:
    'Returns a statement on view `audit` for POST /api/v1/sql, limited to the permitted rows, with absolute ' +
    'times. Nothing is executed.',
  querystring: AuditStatementParameters,
  response: { 200: AuditStatement, 400: problem },
} as const

export function auditRoutes(
  app: FastifyInstance,
  context: ApiContext,
  auditTypes: ReadonlySet<string> = new Set(),
): void {
  const { control, host } = context
  const collectors = { pipeline: () => control.pipeline(), auditTypes }
  serve(app, { context, url: '/api/v1/audit' }, audit)
  serve(app, { context, url: '/api/v1/audit/one' }, auditTrace)
  serve(app, { context, url: '/api/v1/audit/sums' }, auditSums, () => ({ instance: context }))
  serve(app, { context, url: '/api/v1/audit/columns' }, auditColumns)
  serve(app, { context, url: '/api/v1/audit/first-seen' }, auditFirstSeen)
  serve(app, { context, url: '/api/v1/audit/logins' }, auditLogins)
  serve(app, { context, url: '/api/v1/audit/newest' }, auditNewest, () => ({ collectors }))
  app.get<{ Querystring: AuditStatementQuery }>(
    '/api/v1/audit/query',
    { schema: statementSchema },
    (request, reply) => {
      const { store } = control
      const surroundings = {
        now: host.clock.now(),
        viewer: request.principal,
        ...(store === undefined ? {} : { store }),
      }
      return answerJson(request, reply, auditStatement(request.query, surroundings))
    },
  )
}
