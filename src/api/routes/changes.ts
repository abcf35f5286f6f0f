import type { FastifyInstance } from 'fastify'
import type { StoreReader } from '../../engine/control.ts'
import { compileSql, dialectOf, plainOfChange, testsOf, type Dialect } from '../../query/index.ts'
import { isoOf } from '../../query/plan/index.ts'
import { answerJson } from '../answer.ts'
import { abortOnDisconnect, rowsOf, requireStore } from '../store-query.ts'
import { objectScope } from '../access/scope.ts'
import type { Principal } from '../access/principal.ts'
import {
  among,
  changeColumns,
  changeOrder,
  cursorOfSpan,
  fingerprintOf,
  textConditions,
  placeConditions,
  placeParameters,
  readPageCursor,
  span,
  spanParameters,
  writePageCursor,
  type PageCursor,
  type PlaceQuery,
} from '../objects.ts'
import { filterOf } from '../filter-text.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { boolean, closed, integer, list, nullable, object, problem, string } from '../json-schema.ts'

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

export interface ChangeQuery extends PlaceQuery {
  readonly filter?: string
  readonly uid?: string
  readonly operation?: string
  readonly actor?: string
  readonly actor_ref?: string
  readonly from?: string
  readonly to?: string
  readonly noise?: 'hidden' | 'shown'
}

interface Query extends ChangeQuery {
  readonly limit?: number
  readonly cursor?: string
}

export const changeParameters = {
  filter: {
    type: 'string',
    maxLength: 65_536,
    description: 'Filter (see docs/explain/query.md). Unset: every change.',
    examples: ['kind = Deployment and not actor = system:*'],
  },
  ...placeParameters,
  uid: { type: 'string', maxLength: 500, description: 'Id of one object.' },
  operation: {
    type: 'string',
    description: 'created, updated, deleted; comma-separated.',
    examples: ['created,deleted'],
  },
  actor: {
    type: 'string',
    maxLength: 4096,
    description: 'Users or field managers, comma-separated.',
    examples: ['alice,kubectl-edit'],
  },
  actor_ref: {
    type: 'string',
    maxLength: 8192,
    description:
      'Actors in the form of GET /api/v1/audit, comma-separated (a comma within a value as `\\,`). The ' +
      'domain is part of the actor.',
    examples: ['user:prod-eu/alice'],
  },
  ...spanParameters,
  noise: {
    type: 'string',
    enum: ['hidden', 'shown'],
    default: 'hidden',
    description: 'Changes without meaning, such as heartbeats, by the noise rules of the source.',
  },
} as const

export const refusals = { 400: problem, 503: problem } as const

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
  response: { 200: { $ref: 'Change#' }, 404: problem, 503: problem },
} as const

export function changeRoutes(app: FastifyInstance, context: ApiContext): void {
  const { host } = context
  app.get('/api/v1/changes', { schema }, async (request, reply) => {
    const query = request.query as Query
    const [store, disconnected] = [requireStore(context), abortOnDisconnect(reply)]
    const limit = query.limit ?? 100
    const parsed = pageOf(query, host.clock.now(), request.principal, dialectOf(store))
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

/** Newest first, without cursor. Undefined when the client has disconnected. */
export async function newestChanges(
  store: StoreReader,
  query: ChangeQuery & Readonly<{ limit: number }>,
  { principal, now, disconnected }: Readonly<{ principal: Principal; now: number; disconnected: AbortSignal }>,
): Promise<readonly object[] | undefined> {
  const page = pageOf(query, now, principal, dialectOf(store))
  const rows = await pageRows((sql) => rowsOf(store, sql, disconnected), page, query.limit)
  return rows?.slice(0, query.limit).map(withoutKeys)
}

function withoutKeys(row: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !/^k\d$/.test(name)))
}

type ChangeConditions = Readonly<{
  conditions: readonly string[]
  /** On the body or the audit log. */
  costly: readonly string[]
  hidden: boolean
}>

interface Page extends ChangeConditions {
  readonly dialect: Dialect
  readonly fingerprint: string
  readonly from: bigint
  readonly to: bigint
  readonly after: PageCursor | undefined
}

export function changeConditions(query: ChangeQuery, principal: Principal, dialect: Dialect): ChangeConditions {
  const { bound } = filterOf(query.filter ?? '', 'changes')
  const parts = (bound.is === 'and' ? bound.parts : bound.is === 'always' ? [] : [bound]).map((part) => ({
    sql: compileSql(part, { dialect }),
    plain: testsOf(part).every(({ field }) => plainOfChange.has(field)),
  }))
  const actors = [...among(dialect, 'actor', query.actor), ...among(dialect, 'manager', query.actor)]
  const conditions = [
    ...placeConditions(query, principal, dialect),
    ...among(dialect, 'uid', query.uid),
    ...among(dialect, 'operation', query.operation),
    ...parts.filter(({ plain }) => plain).map(({ sql }) => sql),
  ]
  const costly = [
    ...parts.filter(({ plain }) => !plain).map(({ sql }) => sql),
    ...(actors.length === 0 ? [] : [`(${actors.join(' OR ')})`]),
    ...among(dialect, 'actor_ref', query.actor_ref),
    ...textConditions(dialect, query.text, ['name', 'namespace', 'kind', 'manager', dialect.asText('diff')]),
  ]
  return { conditions, costly, hidden: query.noise !== 'shown' }
}

function pageOf(query: Query, now: number, principal: Principal, dialect: Dialect): Page {
  const { conditions, costly, hidden } = changeConditions(query, principal, dialect)
  // The scope of the principal is part of the fingerprint.
  const fingerprint = fingerprintOf('changes', conditions, costly, hidden)
  const after =
    query.cursor === undefined ? undefined : readPageCursor(query.cursor, fingerprint, 2, changeOrder(dialect).length)
  const range =
    after === undefined
      ? span({ from: query.from ?? 'now-24h', to: query.to ?? 'now' }, now)
      : { from: after.times[0] ?? 0n, to: after.times[1] ?? 0n }
  return { dialect, fingerprint, ...range, conditions, costly, hidden, after }
}

function changesOf({ dialect: { time, changesIn }, from, to, conditions, after }: Page, more: readonly string[]) {
  const last = after === undefined ? to : lastTime(after)
  const until = `time ${after === undefined ? '<' : '<='} ${time(last)}`
  const all = [`time >= ${time(from)}`, until, ...conditions, ...more].join(' AND ')
  return `${changesIn({ from, to: last })} WHERE ${all}`
}

function lastTime({ keys: [time = ''] }: PageCursor) {
  return /^-?\d{1,18}$/.test(time) ? BigInt(time) : 0n
}

/** One more than the page if there is one. Evaluates costly conditions on the newest changes first. */
async function pageRows(
  runQuery: (sql: string) => Promise<Record<string, unknown>[] | undefined>,
  page: Page,
  limit: number,
): Promise<Record<string, unknown>[] | undefined> {
  for (let inspected = 2 * (limit + 1); ; inspected *= 16) {
    const edges = await runQuery(edgeSql(page, inspected))
    if (edges === undefined) return undefined
    const [{ edge, n } = {}] = edges
    const all = Number(n) < inspected
    const rows = await runQuery(pageSql(page, all ? page.from : BigInt(String(edge)), limit))
    if (rows === undefined || all || rows.length > limit) return rows
  }
}

/** Earliest time of the newest `looked` changes, excluding those at the cursor's time. */
function edgeSql(page: Page, limit: number): string {
  const before = page.after === undefined ? [] : [`time < ${page.dialect.time(lastTime(page.after))}`]
  return (
    `SELECT ${page.dialect.micros('min(time)')} AS edge, count(*) AS n FROM (SELECT time FROM ` +
    `${changesOf(page, before)} ORDER BY time DESC LIMIT ${limit})`
  )
}

function pageSql(page: Page, from: bigint, limit: number): string {
  const { dialect } = page
  const order = changeOrder(dialect)
  const keys = order.map((each, index) => `${each} AS k${index}`)
  const [, ...rest] = page.after?.keys ?? []
  const numbers = rest.slice(0, -1).map((each) => `${/^\d{1,18}$/.test(each) ? each : '0'}::BIGINT`)
  const after =
    page.after === undefined
      ? ''
      : ` WHERE (${order.map((_, index) => `k${index}`).join(', ')}) < ` +
        `(${dialect.integer(lastTime(page.after), 'BIGINT')}::BIGINT, ${numbers.join(', ')}, ` +
        `${dialect.text(rest.at(-1) ?? '')})`
  const rows =
    `SELECT ${changeColumns}, ${keys.join(', ')} FROM ` +
    `${changesOf({ ...page, from }, [...page.costly, ...(page.hidden ? ['length(noise) = 0'] : [])])}`
  return (
    `SELECT * FROM (${rows})${after} ORDER BY ${order.map((_, index) => `k${index} DESC`).join(', ')} ` +
    `LIMIT ${limit + 1}`
  )
}

function hiddenSql(page: Page): string {
  const noisy = `SELECT noise FROM ${changesOf(page, [...page.costly, 'length(noise) > 0'])}`
  return (
    `WITH ${page.dialect.stored('noisy', noisy)} SELECT NULL AS rule, count(*) AS n FROM noisy UNION ALL SELECT ` +
    `rule, count(*) AS n FROM (SELECT ${page.dialect.unnest('noise')} AS rule FROM noisy) GROUP BY rule`
  )
}

function hiddenOf(rows: readonly Readonly<Record<string, unknown>>[]): {
  total: number
  rules: Record<string, number>
} {
  const rules: Record<string, number> = {}
  let total = 0
  for (const { rule, n } of rows) {
    if (typeof rule === 'string') rules[rule] = Number(n)
    else total = Number(n)
  }
  return { total, rules }
}
