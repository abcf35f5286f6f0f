import type { FastifyInstance } from 'fastify'
import { dialectOf, type Dialect } from '../../query/index.ts'
import type { Principal } from '../access/principal.ts'
import { auditScope } from '../../topics/scope.ts'
import { answerJson } from '../answer.ts'
import { abortOnDisconnect, rowsOf, requireStore } from '../store-query.ts'
import { span } from '../../topics/time-span.ts'
import type { ApiContext } from '../options.ts'
import { auditConditions, auditParameters, type AuditQuery } from '../audit-conditions.ts'
import { closed, integer, list, nullable, object, refusals, string } from '../json-schema.ts'

export const auditFactSchemas = {
  AuditFirstSeen: object(
    {
      pairs: list(
        object({
          actor: nullable,
          actor_name: nullable,
          service: nullable,
          action: nullable,
          first: string,
          traces: integer,
        }),
        { description: 'Newest first.' },
      ),
      total: integer,
      since: { ...nullable, description: 'Time of the oldest stored event; no earlier data exists.' },
    },
    { required: ['pairs', 'total'] },
  ),
  AuditLogins: object(
    {
      actors: list(
        object({
          actor: nullable,
          actor_name: nullable,
          failed: integer,
          last: string,
          addresses: list(string),
        }),
        { description: 'Most frequent first, with up to ten addresses each.' },
      ),
      total: { type: 'integer', description: 'Failed logins.' },
    },
    { required: ['actors', 'total'] },
  ),
  AuditNewest: object(
    {
      newest: { ...nullable, description: 'Time of the newest stored event.' },
      sources: list(
        object({
          source: string,
          newest: string,
          received: { type: 'string', description: 'Receive time of the newest event.' },
          late: {
            type: 'number',
            description: 'Delay of the newest event: receive time minus event time, in seconds.',
          },
        }),
        { description: 'Sources of audit events in the last seven days.' },
      ),
      collectors: list(
        object({
          name: string,
          type: string,
          error: { type: 'string', description: 'Current problem of the source.' },
        }),
        { description: 'Sources of this instance that collect audit events; empty for users limited to namespaces.' },
      ),
    },
    { required: ['newest', 'sources'] },
  ),
} as const

const login = '(?i)log-?_?in|sign-?_?in|authenticat'

export type AuditWithin = Readonly<{
  from: string
  to: string
  conditions: readonly string[]
}>

export function firstSeenSql({ from, to, conditions }: AuditWithin): string {
  return (
    'SELECT actor, any_value(actor_name) AS actor_name, service, action, min(time) AS first, count(*) ' +
    `AS traces\nFROM audit\nWHERE ${[`time < ${to}`, ...conditions].join('\n  AND ')}\nGROUP BY actor, ` +
    `service, action\nHAVING min(time) >= ${from}`
  )
}

export function loginsSql({ from, to, conditions }: AuditWithin, dialect: Dialect): string {
  const where = [
    `time >= ${from}`,
    `time < ${to}`,
    "severity IN ('warning', 'incident')",
    dialect.found('action', login),
    ...conditions,
  ].join('\n  AND ')
  return (
    'SELECT actor, any_value(actor_name) AS actor_name, count(*) AS failed, max(time) AS last, ' +
    `${dialect.firstItems(dialect.collected('address'), 10)} AS addresses\nFROM audit\nWHERE ` +
    `${where}\nGROUP BY actor`
  )
}

export const [firstSeenOrder, loginsOrder] = ['first DESC, actor, service, action', 'failed DESC, actor'] as const

interface Query extends AuditQuery {
  readonly limit?: number
}

const limited = { ...auditParameters, limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 } } as const

export function auditFactRoutes(
  app: FastifyInstance,
  context: ApiContext,
  auditTypes: ReadonlySet<string> = new Set(),
): void {
  const { host, control } = context
  const within = (query: Query, principal: Principal, dialect: Dialect): AuditWithin => {
    const { from, to } = span({ from: query.from ?? 'now-24h', to: query.to ?? 'now' }, host.clock.now())
    return { from: dialect.time(from), to: dialect.time(to), conditions: auditConditions(query, principal, dialect) }
  }
  const counted = (sql: string, columns: string, of: string, order: string, { limit = 100 }: Query) =>
    `SELECT ${columns}, ${of} OVER () AS total FROM (${sql}) ORDER BY ${order} LIMIT ${limit}`

  app.get(
    '/api/v1/audit/first-seen',
    {
      schema: {
        operationId: 'auditFirstSeen',
        summary: 'First actions: actors and actions without earlier events',
        description:
          'Pairs of actor and action with the oldest stored event within the time range. Expired events are ' +
          'not considered.',
        querystring: closed(limited),
        response: { 200: { $ref: 'AuditFirstSeen#' }, ...refusals },
      },
    },
    async (request, reply) => {
      const query = request.query as Query
      const [store, disconnected] = [requireStore(context), abortOnDisconnect(reply)]
      const [rows, oldest] = await Promise.all([
        rowsOf(
          store,
          counted(
            firstSeenSql(within(query, request.principal, dialectOf(store))),
            'actor, actor_name, service, action, first, traces',
            'count(*)',
            firstSeenOrder,
            query,
          ),
          disconnected,
        ),
        rowsOf(store, 'SELECT min(time) AS since FROM audit', disconnected),
      ])
      if (rows === undefined || oldest === undefined) return reply.hijack()
      return answerJson(request, reply, {
        pairs: rows.map(({ total: _, ...row }) => ({ ...row, traces: Number(row['traces']) })),
        total: Number(rows[0]?.['total'] ?? 0),
        since: oldest[0]?.['since'] ?? null,
      })
    },
  )

  app.get(
    '/api/v1/audit/logins',
    {
      schema: {
        operationId: 'auditLogins',
        summary: 'Failed logins by actor',
        description:
          'Events in the time range with a login as action (login, sign-in, authenticate) and with severity ' +
          'warning or incident.',
        querystring: closed(limited),
        response: { 200: { $ref: 'AuditLogins#' }, ...refusals },
      },
    },
    async (request, reply) => {
      const query = request.query as Query
      const store = requireStore(context)
      const dialect = dialectOf(store)
      const rows = await rowsOf(
        store,
        counted(
          loginsSql(within(query, request.principal, dialect), dialect),
          'actor, actor_name, failed, last, addresses',
          'sum(failed)',
          loginsOrder,
          query,
        ),
        abortOnDisconnect(reply),
      )
      if (rows === undefined) return reply.hijack()
      return answerJson(request, reply, {
        actors: rows.map(({ total: _, ...row }) => ({ ...row, failed: Number(row['failed']) })),
        total: Number(rows[0]?.['total'] ?? 0),
      })
    },
  )

  app.get(
    '/api/v1/audit/newest',
    {
      schema: {
        operationId: 'auditNewest',
        summary: 'Newest audit event, and the delay of each source',
        description: 'Distinguishes “no activity” from “not received yet”.',
        response: { 200: { $ref: 'AuditNewest#' }, ...refusals },
      },
    },
    async (request, reply) => {
      const [store, disconnected] = [requireStore(context), abortOnDisconnect(reply)]
      const dialect = dialectOf(store)
      const scope = auditScope(request.principal, dialect)
      const visible = scope === undefined ? '' : ` AND ${auditScope(request.principal, dialect, 'ref') ?? ''}`
      const since = dialect.time(BigInt(Math.floor(host.clock.now() - 7 * 86_400_000)) * 1000n)
      const delay = `${dialect.micros(dialect.valueAt('time_received', 'time'))} - ${dialect.micros('max(time)')}`
      const [sources, newest, pipeline] = await Promise.all([
        rowsOf(
          store,
          `SELECT source, max(time) AS newest, max(time_received) AS received, ${delay} AS delay FROM events WHERE ` +
            `family = 'audit' AND time_received >= ${since}${visible} GROUP BY source ORDER BY newest DESC, source`,
          disconnected,
        ),
        rowsOf(
          store,
          `SELECT max(time) AS newest FROM audit${scope === undefined ? '' : ` WHERE ${scope}`}`,
          disconnected,
        ),
        request.principal.namespaces === undefined ? control.pipeline() : undefined,
      ])
      if (sources === undefined || newest === undefined) return reply.hijack()
      return answerJson(request, reply, {
        newest: newest[0]?.['newest'] ?? null,
        sources: sources.map(({ delay: us, ...source }) => ({
          ...source,
          late: Math.round(Math.max(0, Number(us ?? 0)) / 1000) / 1000,
        })),
        ...(pipeline === undefined
          ? {}
          : {
              collectors: pipeline.sources
                .filter(({ type }) => auditTypes.has(type))
                .map(({ name, type, error }) => ({ name, type, ...(error === undefined ? {} : { error }) })),
            }),
      })
    },
  )
}
