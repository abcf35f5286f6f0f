import type { FastifyInstance } from 'fastify'
import { isoOf } from '../../query/plan/index.ts'
import { dialectOf, type Dialect } from '../../query/index.ts'
import { auditScope } from '../../topics/scope.ts'
import type { Principal } from '../access/principal.ts'
import { answerJson } from '../answer.ts'
import { auditConditions, auditParameters, type AuditQuery } from '../audit-conditions.ts'
import { abortOnDisconnect, rowsOf, requireStore } from '../store-query.ts'
import { spanCursor } from '../../topics/schema.ts'
import { fingerprintOf, readPageCursor, writePageCursor } from '../../topics/page-cursor.ts'
import { span } from '../../topics/time-span.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { closed, list, nullable, object, problem, refusals, string } from '../json-schema.ts'

const trace = {
  time: string,
  actor: {
    ...nullable,
    description: 'user:<domain>/<id or name>, system or unknown; null: stored by an earlier version.',
  },
  actor_kind: nullable,
  actor_name: nullable,
  actor_domain: nullable,
  impersonated_by: nullable,
  address: nullable,
  service: nullable,
  action: nullable,
  resource: nullable,
  resource_type: nullable,
  resource_name: nullable,
  tenant: nullable,
  region: nullable,
  outcome: nullable,
  severity: nullable,
  request_id: nullable,
  code: nullable,
  source: string,
  id: string,
  pos: { type: 'string', description: 'Permanent id of the event.' },
} as const

const traceColumns = Object.keys(trace)
  .map((name) => (name === 'pos' ? '_pos AS pos' : name))
  .join(', ')

export const auditSchemas = {
  AuditPage: object(
    {
      traces: list(object(trace)),
      next: { ...nullable, description: 'Cursor of the next page; null: last page.' },
      total: { type: 'integer', description: 'On the first page: number of matching events.' },
      span: object({ from: string, to: string }),
    },
    { required: ['traces', 'next', 'span'] },
  ),
  AuditTrace: object({ ...trace, data: { description: 'The complete original event.' } }),
} as const

const schema = {
  operationId: 'audit',
  summary: 'Audit events of clouds and clusters, newest first',
  description: 'All pages cover the time range of the first page.',
  querystring: closed({
    ...auditParameters,
    limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100, description: 'Maximum events of a page.' },
    cursor: spanCursor,
  }),
  response: { 200: { $ref: 'AuditPage#' }, ...refusals },
} as const

const one = {
  operationId: 'auditTrace',
  summary: 'One audit event with all its data',
  querystring: closed(
    { pos: { type: 'string', minLength: 1, maxLength: 1000, description: '`pos` of the event.' } },
    { required: ['pos'] },
  ),
  response: { 200: { $ref: 'AuditTrace#' }, ...refusals, 404: problem },
} as const

interface Query extends AuditQuery {
  readonly limit?: number
  readonly cursor?: string
}

export function auditRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get('/api/v1/audit', { schema }, async (request, reply) => {
    const query = request.query as Query
    const [store, disconnected] = [requireStore(context), abortOnDisconnect(reply)]
    const limit = query.limit ?? 100
    const page = pageOf(query, context.host.clock.now(), request.principal, dialectOf(store))
    const runQuery: RunQuery = (sql) => rowsOf(store, sql, disconnected)
    const counted = page.after === undefined ? await countsOf(runQuery, page) : undefined
    const rows = disconnected.aborted
      ? undefined
      : await newest(
          runQuery,
          counted === undefined
            ? page
            : { ...page, where: [...page.where, ...newestPart(counted, limit, page.dialect)] },
          limit,
        )
    if (rows === undefined || disconnected.aborted) return reply.hijack()
    const shown = rows.slice(0, limit)
    const last = shown.at(-1)
    return answerJson(request, reply, {
      traces: shown.map(({ us: _, ...row }) => row),
      next:
        rows.length > limit && last !== undefined
          ? writePageCursor({
              fingerprint: page.fingerprint,
              times: [page.from, page.to],
              keys: [String(last['us']), String(last['pos'])],
            })
          : null,
      ...(counted === undefined ? {} : { total: counted.reduce((sum, { n }) => sum + n, 0) }),
      span: { from: isoOf(page.from), to: isoOf(page.to) },
    })
  })

  app.get('/api/v1/audit/one', { schema: one }, async (request, reply) => {
    const { pos } = request.query as { pos: string }
    const store = requireStore(context)
    const dialect = dialectOf(store)
    const scope = auditScope(request.principal, dialect)
    const rows = await rowsOf(
      store,
      `SELECT ${traceColumns}, data FROM audit WHERE _pos = ` +
        `${dialect.text(pos)}${scope === undefined ? '' : ` AND ${scope}`} LIMIT 1`,
      abortOnDisconnect(reply),
    )
    if (rows === undefined) return reply.hijack()
    const [row] = rows
    if (row === undefined)
      throw new ApiError('WEIR_API_NOT_FOUND', `There is no event ${pos}.`, {
        hints: ['GET /api/v1/audit lists events; expired ones are deleted.'],
      })
    return answerJson(request, reply, row)
  })
}

type RunQuery = (sql: string) => Promise<Record<string, unknown>[] | undefined>

type Page = Readonly<{
  dialect: Dialect
  fingerprint: string
  from: bigint
  to: bigint
  where: readonly string[]
  after: Readonly<{ time: bigint; pos: string }> | undefined
}>

function pageOf(query: Query, now: number, principal: Principal, dialect: Dialect): Page {
  const conditions = auditConditions(query, principal, dialect)
  // The scope of the principal is part of the fingerprint.
  const fingerprint = fingerprintOf('audit', conditions)
  const cursor = query.cursor === undefined ? undefined : readPageCursor(query.cursor, fingerprint, 2, 2)
  const { from, to } =
    cursor === undefined
      ? span({ from: query.from ?? 'now-24h', to: query.to ?? 'now' }, now)
      : { from: cursor.times[0] ?? 0n, to: cursor.times[1] ?? 0n }
  const [time = '', pos = ''] = cursor?.keys ?? []
  const after = cursor === undefined ? undefined : { time: /^-?\d{1,18}$/.test(time) ? BigInt(time) : 0n, pos }
  return {
    dialect,
    fingerprint,
    from,
    to,
    where: [
      `time >= ${dialect.time(from)}`,
      after === undefined ? `time < ${dialect.time(to)}` : `time <= ${dialect.time(after.time)}`,
      ...conditions,
    ],
    after,
  }
}

const maxParts = 400n

type Counted = Readonly<{
  from: bigint
  n: number
}>

async function countsOf(
  runQuery: RunQuery,
  { dialect, from, to, where }: Page,
): Promise<readonly Counted[] | undefined> {
  const length = (to - from) / maxParts + 1n
  const rows = await runQuery(
    `SELECT ${dialect.divide(`(${dialect.micros('time')} - ${dialect.integer(from, 'BIGINT')})`, length)} AS part, ` +
      `count(*) AS n FROM audit WHERE ${where.join(' AND ')} GROUP BY part ORDER BY part DESC`,
  )
  return rows?.map(({ part, n }) => ({ from: from + BigInt(Number(part)) * length, n: Number(n) }))
}

function newestPart(counted: readonly Counted[], limit: number, { time }: Dialect): string[] {
  let before = 0
  const found = counted.find(({ n }) => (before += n) > limit)
  return found === undefined ? [] : [`time >= ${time(found.from)}`]
}

/** One more than the page if there is one. Reads few columns first. Undefined after a disconnect. */
async function newest(
  runQuery: RunQuery,
  { dialect, where, after }: Page,
  limit: number,
): Promise<Record<string, unknown>[] | undefined> {
  const conditions = where.join(' AND ')
  const behind = after === undefined ? '' : ` AND time < ${dialect.time(after.time)}`
  const edges = await runQuery(
    `SELECT ${dialect.micros('min(time)')} AS edge FROM (SELECT time FROM audit WHERE ${conditions}${behind} ` +
      `ORDER BY time DESC LIMIT ${limit + 1})`,
  )
  if (edges === undefined) return undefined
  const edge = edges[0]?.['edge']
  // The position orders equal timestamps.
  const since = typeof edge === 'number' || typeof edge === 'string' ? BigInt(edge) : after?.time
  if (since === undefined) return []
  const rest =
    after === undefined ? '' : ` AND (time < ${dialect.time(after.time)} OR _pos < ${dialect.text(after.pos)})`
  return runQuery(
    `SELECT ${traceColumns}, ${dialect.micros('time')} AS us FROM audit WHERE ${conditions} AND time >= ` +
      `${dialect.time(since)}${rest} ORDER BY time DESC, _pos DESC LIMIT ${limit + 1}`,
  )
}
