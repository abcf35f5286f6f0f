import type { FastifyInstance } from 'fastify'
import { dialectOf } from '../../query/index.ts'
import { isoOf } from '../../query/plan/index.ts'
import { answerJson } from '../answer.ts'
import { abortOnDisconnect, rowsOf, requireStore } from '../store-query.ts'
import { objectScope } from '../../topics/scope.ts'
import { changeColumns, changeOrder, cursorOfSpan } from '../objects.ts'
import { writePageCursor } from '../../topics/page-cursor.ts'
import { changeParameters } from '../change-conditions.ts'
import { changePage, hiddenOf, hiddenSql, pageRows, withoutKeys, type PageQuery } from '../change-page.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { boolean, closed, integer, list, nullable, object, problem, refusals, string } from '../json-schema.ts'

export const change = {
  time: string,
  cluster: string,
  group: string,
  kind: string,
  namespace: nullable,
  name: string,
  uid: string,
  ref: string,
  operation: string,
  actor: { ...nullable, description: 'The user from the audit log if available, else the field manager.' },
  actor_kind: { ...nullable, description: 'user or manager.' },
  actor_ref: { ...nullable, description: 'The actor in the form of GET /api/v1/audit, if the audit log has it.' },
  manager: nullable,
  audit_id: nullable,
  coalesced: boolean,
  initial: boolean,
  noise: list(string),
  paths: list(string),
  diff: { description: 'JSON Patch from old to new (RFC 6902).' },
  resource_version: nullable,
  pos: { type: 'string', description: 'Permanent id of the change.' },
} as const

export const changeSchemas = {
  ChangePage: object(
    {
      changes: list(object(change)),
      next: { ...nullable, description: 'Cursor of the next page; null: last page.' },
      span: object({ from: string, to: string }),
      hidden: object(
        {
          total: integer,
          rules: { type: 'object', additionalProperties: integer },
        },
        {
          description:
            'On the first page, if noise is hidden: matching changes that are not shown, in total and by rule ' +
            '(a change may match several rules).',
        },
      ),
    },
    { required: ['changes', 'next', 'span'] },
  ),
  Change: object({
    ...change,
    old: { description: 'The object before; null if it was created.' },
    new: { description: 'The object after; null if it was deleted.' },
  }),
} as const

const schema = {
  operationId: 'changes',
  summary: 'Changes of Kubernetes objects, newest first',
  description:
    'All pages cover the time range of the first page: no change appears twice, and new changes do not ' +
    'extend the result.',
  querystring: closed({
    ...changeParameters,
    limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100, description: 'Maximum changes of a page.' },
    cursor: cursorOfSpan,
  }),
  response: { 200: { $ref: 'ChangePage#' }, ...refusals },
} as const

const one = {
  operationId: 'change',
  summary: 'One change, with the object before and after',
  querystring: closed(
    { pos: { type: 'string', minLength: 1, maxLength: 1000, description: '`pos` of the change.' } },
    { required: ['pos'] },
  ),
  response: { 200: { $ref: 'Change#' }, ...refusals, 404: problem },
} as const

export function changeRoutes(app: FastifyInstance, context: ApiContext): void {
  const { host } = context
  app.get('/api/v1/changes', { schema }, async (request, reply) => {
    const query = request.query as PageQuery
    const [store, disconnected] = [requireStore(context), abortOnDisconnect(reply)]
    const limit = query.limit ?? 100
    const parsed = changePage(query, host.clock.now(), request.principal, dialectOf(store))
    const [rows, hidden] = await Promise.all([
      pageRows((sql) => rowsOf(store, sql, disconnected), parsed, limit),
      query.noise === 'shown' || query.cursor !== undefined
        ? undefined
        : rowsOf(store, hiddenSql(parsed), disconnected),
    ])
    if (rows === undefined || disconnected.aborted) return reply.hijack()
    const shown = rows.slice(0, limit)
    const last = shown.at(-1)
    return answerJson(request, reply, {
      changes: shown.map(withoutKeys),
      next:
        rows.length > shown.length && last !== undefined
          ? writePageCursor({
              fingerprint: parsed.fingerprint,
              times: [parsed.from, parsed.to],
              keys: changeOrder(parsed.dialect).map((_, index) => String(last[`k${index}`])),
            })
          : null,
      span: { from: isoOf(parsed.from), to: isoOf(parsed.to) },
      ...(hidden === undefined ? {} : { hidden: hiddenOf(hidden) }),
    })
  })

  app.get('/api/v1/changes/one', { schema: one }, async (request, reply) => {
    const { pos } = request.query as { pos: string }
    const store = requireStore(context)
    const dialect = dialectOf(store)
    const scope = objectScope(request.principal, dialect)
    const rows = await rowsOf(
      store,
      `SELECT ${changeColumns}, old, "new" FROM changes WHERE _pos = ` +
        `${dialect.text(pos)}${scope === undefined ? '' : ` AND ${scope}`} LIMIT 1`,
      abortOnDisconnect(reply),
    )
    if (rows === undefined) return reply.hijack()
    const [row] = rows
    if (row === undefined)
      throw new ApiError('WEIR_API_NOT_FOUND', `There is no change ${pos}.`, {
        hints: ['GET /api/v1/changes lists changes; expired ones are deleted.'],
      })
    return answerJson(request, reply, row)
  })
}
