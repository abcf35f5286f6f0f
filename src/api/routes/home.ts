/** The overview of Home in one response. */
import type { FastifyInstance } from 'fastify'
import { Integer, Optional, String as Text } from 'typebox'
import type { StoreReader } from '../../engine/control.ts'
import { dialectOf } from '../../query/index.ts'
import { momentOf } from '../../query/plan/index.ts'
import { newestChanges } from '../../topics/changes/page.ts'
import { ChangeRow } from '../../topics/changes/schema.ts'
import { parameters } from '../../topics/schema.ts'
import { auditScope } from '../../topics/scope.ts'
import { answerJson } from '../answer.ts'
import { groupsAnswer } from '../groups.ts'
import { boolean, integer, list, nullable, object, refusals, string } from '../json-schema.ts'
import type { Hub } from '../live/hub.ts'
import type { ApiContext } from '../options.ts'
import { abortOnDisconnect, rowsOf, unlessAborted } from '../store-query.ts'
import type { RunStatement } from '../sums.ts'
import { typed } from '../typed.ts'
import { seriesAnswer } from './sums.ts'

const warning = {
  time: { type: 'string', description: 'Of the newest event.' },
  ref: { ...string, description: 'The object.' },
  reason: nullable,
  message: { ...nullable, description: 'Of the newest event.' },
  events: integer,
} as const

export const homeSchemas = {
  Home: object(
    {
      traffic: { $ref: 'Series#' },
      talkers: { $ref: 'FlowPage#' },
      changes: {
        ...list(ChangeRow),
        type: ['array', 'null'],
        description: 'The newest changes of the last seven days without noise; null: no store.',
      },
      warnings: {
        ...list(object(warning)),
        type: ['array', 'null'],
        description: 'Warning events of Kubernetes by object and reason, newest first; null: no store.',
      },
      watches: { ...boolean, description: 'Whether a source of this instance watches a cluster.' },
    },
    { required: ['traffic', 'talkers', 'changes', 'warnings', 'watches'] },
  ),
} as const

const schema = {
  operationId: 'home',
  summary: 'Overview: traffic, top talkers, latest changes and warnings',
  description:
    'Covers the time until now. Traffic has one bucket per minute up to two hours, and 120 buckets for longer times.',
  querystring: parameters({
    last: Optional(
      Text({
        pattern: '^\\d{1,3}[mhd]$',
        default: '1h',
        description: 'Length of the time.',
        examples: ['30m'],
      }),
    ),
    limit: Optional(Integer({ minimum: 1, maximum: 50, default: 8, description: 'Maximum entries of each list.' })),
  }),
  response: { 200: { $ref: 'Home#' }, ...refusals },
} as const

const changesFrom = 'now-7d'
/** Warning events that are grouped. */
const maxEvents = 500

export function homeRoutes(app: FastifyInstance, context: ApiContext, hub: Hub): void {
  typed(app).get('/api/v1/home', { schema }, async (request, reply) => {
    const { last = '1h', limit = 8 } = request.query
    const [viewer, signal] = [request.principal, abortOnDisconnect(reply)]
    const run = { context, hub, principal: viewer, disconnected: signal }
    const [now, from] = [context.host.clock.now(), `now-${last}`]
    const { store } = context.control
    const seconds = (now - Number(momentOf(from, now)) / 1000) / 1000
    const [traffic, talkers, changes, warnings, clusters] = await Promise.all([
      seriesAnswer(run, { from, step: `${Math.max(60, Math.ceil(seconds / 120))}s` }),
      groupsAnswer(run, { from, group: 'src_endpoint,dst_endpoint', limit }),
      store === undefined
        ? null
        : unlessAborted(signal, () => newestChanges({ from: changesFrom, limit }, { store, now, viewer, signal })),
      store === undefined ? null : warningsOf(store, run, { from: momentOf(from, now) ?? 0n, limit }),
      context.control.clusters(),
    ])
    if (traffic === undefined || talkers === undefined || changes === undefined || warnings === undefined)
      return reply.hijack()
    return answerJson(request, reply, { traffic, talkers, changes, warnings, watches: clusters.length > 0 })
  })
}

type Warning = { time: unknown; ref: unknown; reason: unknown; message: unknown; events: number }

async function warningsOf(
  store: StoreReader,
  { principal, disconnected }: RunStatement,
  { from, limit }: Readonly<{ from: bigint; limit: number }>,
): Promise<readonly Warning[] | undefined> {
  const dialect = dialectOf(store)
  const member = (name: string) => dialect.jsonText('data', [name])
  const scope = auditScope(principal, dialect, 'ref')
  const rows = await rowsOf(
    store,
    `SELECT time, ref, ${member('reason')} AS reason, ${member('message')} AS message, ` +
      `coalesce(${dialect.integerOf(member('count'))}, 1) AS count FROM events WHERE family = 'k8s-event' ` +
      `AND time >= ${dialect.time(from)} AND ${member('type')} = 'Warning' AND ref IS NOT NULL` +
      `${scope === undefined ? '' : ` AND ${scope}`} ORDER BY time DESC LIMIT ${maxEvents}`,
    disconnected,
  )
  if (rows === undefined) return undefined
  const groups = new Map<string, Warning>()
  for (const { time, ref, reason, message, count } of rows) {
    const key = JSON.stringify([ref, reason])
    const group = groups.get(key)
    // `count` of the newest event includes earlier ones of the same series.
    if (group === undefined) groups.set(key, { time, ref, reason, message, events: Number(count) })
  }
  return [...groups.values()].slice(0, limit)
}
