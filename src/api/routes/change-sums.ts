import type { FastifyInstance } from 'fastify'
import { isoOf, stepFor, type TimeSpan } from '../../query/plan/index.ts'
import { timeSql } from '../../query/sql-text.ts'
import { answerJson } from '../answer.ts'
import { goneWith, rowsOf, storeOf } from '../ask.ts'
import { span } from '../objects.ts'
import type { ApiContext } from '../options.ts'
import { askedChanges, changeParameters, refusals, type ChangeQuery } from './changes.ts'

/** What changes can be counted by, as columns of the view; what belongs to a whole cluster has no namespace. */
const groupings = { operation: 'operation', kind: 'kind', namespace: 'namespace', cluster: 'cluster', actor: 'actor' } as const

export const changeSumSchemas = {
  ChangeSums: {
    type: 'object', required: ['span', 'step', 'by', 'total', 'groups', 'others', 'buckets'], properties: {
      span: { type: 'object', properties: { from: { type: 'string' }, to: { type: 'string' } } },
      step: { type: 'integer', description: 'Length of a bucket in seconds.' },
      by: { type: 'string' },
      total: { type: 'integer', description: 'Changes that match, without those that are hidden.' },
      groups: { type: 'array', items: { type: 'object', properties: { value: { type: ['string', 'null'] }, changes: { type: 'integer' } } }, description: 'The largest first.' },
      others: { type: 'object', properties: { groups: { type: 'integer' }, changes: { type: 'integer' } }, description: 'Groups that are not told apart.' },
      buckets: {
        type: 'array', description: 'When each bucket begins, and how many changes it has of each of `groups`, then of the others. Buckets without a change are left out.',
        items: { type: 'object', properties: { time: { type: 'string' }, changes: { type: 'array', items: { type: 'integer' } } } },
      },
      hidden: {
        type: 'object', description: 'Where noise is hidden: changes that match and are not counted above, in all and by rule (one change may be of several).',
        properties: { total: { type: 'integer' }, rules: { type: 'object', additionalProperties: { type: 'integer' } } },
      },
    },
  },
} as const

interface Query extends ChangeQuery {
  readonly by?: keyof typeof groupings
  readonly limit?: number
  readonly buckets?: number
}

const schema = {
  operationId: 'changeSums',
  summary: 'How many changes there were, over time and by what',
  description: 'The same question as GET /api/v1/changes, counted. Groups and others add up to the total, in each bucket and over the span.',
  querystring: {
    type: 'object', additionalProperties: false, properties: {
      ...changeParameters,
      by: { type: 'string', enum: Object.keys(groupings), default: 'operation', description: 'What makes the groups.' },
      limit: { type: 'integer', minimum: 1, maximum: 1000, default: 10, description: 'Groups told apart.' },
      buckets: { type: 'integer', minimum: 1, maximum: 1000, default: 150, description: 'Buckets of the span at most.' },
    },
  },
  response: { 200: { $ref: 'ChangeSums#' }, ...refusals },
} as const

export function changeSumRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get('/api/v1/changes/sums', { schema }, async (request, reply) => {
    const query = request.query as Query
    const { conditions, costly, hidden } = askedChanges(query, request.principal)
    const { by = 'operation', limit = 10, buckets = 150 } = query
    const asked = span({ from: query.from ?? 'now-24h', to: query.to ?? 'now' }, context.host.clock.now())
    const step = stepFor(asked, buckets)
    const rows = await rowsOf(storeOf(context), sumsSql({ where: [...conditions, ...costly], by: groupings[by], asked, step, limit, hidden }), goneWith(reply))
    if (rows === undefined) return reply.hijack()
    return answerJson(request, reply, { span: { from: isoOf(asked.from), to: isoOf(asked.to) }, step, by, ...sumsOf(rows, hidden) })
  })
}

interface Asked {
  readonly where: readonly string[]
  readonly by: string
  readonly asked: TimeSpan
  readonly step: number
  readonly limit: number
  readonly hidden: boolean
}

/** Rows by `part`: each `group` with its rank; the `others`, how many they are in place of a rank; each bucket (`at`) of each group, -1 for the others; what is `hidden`, and by which `rule`. */
function sumsSql({ where, by, asked: { from, to }, step, limit, hidden }: Asked): string {
  const width = BigInt(step) * 1_000_000n
  const matching = `SELECT epoch_us(time) // ${width} AS bucket, ${by} AS grouped, noise FROM changes WHERE ${[`time >= ${timeSql(from)}`, `time < ${timeSql(to)}`, ...where].join(' AND ')}`
  const shown = hidden ? ' WHERE len(noise) = 0' : ''
  const parts = [
    `SELECT 'group' AS part, grouped AS name, rank, NULL::BIGINT AS bucket, n FROM ranked WHERE rank < ${limit}`,
    `SELECT 'others', NULL, count(*), NULL, coalesce(sum(n), 0) FROM ranked WHERE rank >= ${limit}`,
    `SELECT 'at', NULL, CASE WHEN r.rank < ${limit} THEN r.rank ELSE -1 END AS place, s.bucket, sum(s.n) FROM sums s JOIN ranked r ON s.grouped IS NOT DISTINCT FROM r.grouped GROUP BY place, s.bucket`,
    ...(hidden ? ["SELECT 'hidden', NULL, NULL, NULL, count(*) FROM matching WHERE len(noise) > 0", "SELECT 'rule', rule, NULL, NULL, count(*) FROM (SELECT unnest(noise) AS rule FROM matching) GROUP BY rule"] : []),
  ]
  return `WITH matching AS MATERIALIZED (${matching}), sums AS MATERIALIZED (SELECT bucket, grouped, count(*) AS n FROM matching${shown} GROUP BY ALL), `
    + 'ranked AS MATERIALIZED (SELECT grouped, sum(n) AS n, row_number() OVER (ORDER BY sum(n) DESC, grouped) - 1 AS rank FROM sums GROUP BY grouped) '
    + `SELECT part, name, rank::INTEGER AS rank, (bucket * ${step})::BIGINT AS bucket, n::BIGINT AS n FROM (${parts.join(' UNION ALL ')}) ORDER BY part, rank, bucket`
}

function sumsOf(rows: readonly Readonly<Record<string, unknown>>[], hidden: boolean): object {
  const of = (part: string): readonly Readonly<Record<string, unknown>>[] => rows.filter((row) => row['part'] === part)
  const n = (row: Readonly<Record<string, unknown>> | undefined): number => Number(row?.['n'] ?? 0)
  const groups = of('group').map((row) => ({ value: row['name'] as string | null, changes: n(row) }))
  const buckets = new Map<number, number[]>()
  for (const row of of('at')) {
    const time = Number(row['bucket'])
    const found = buckets.get(time) ?? new Array<number>(groups.length + 1).fill(0)
    found[row['rank'] === -1 ? groups.length : Number(row['rank'])] = n(row)
    buckets.set(time, found)
  }
  const [rest] = of('others')
  return {
    total: groups.reduce((sum, { changes }) => sum + changes, n(rest)), groups, others: { groups: Number(rest?.['rank'] ?? 0), changes: n(rest) },
    buckets: [...buckets].sort(([a], [b]) => a - b).map(([time, changes]) => ({ time: new Date(time * 1000).toISOString(), changes })),
    ...(hidden ? { hidden: { total: n(of('hidden')[0]), rules: Object.fromEntries(of('rule').map((row) => [String(row['name']), n(row)])) } } : {}),
  }
}
