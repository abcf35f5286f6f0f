import type { FastifyInstance } from 'fastify'
import { isoOf, stepFor, type TimeSpan } from '../../query/plan/index.ts'
import { timeSql } from '../../query/sql-text.ts'
import { answerJson } from '../answer.ts'
import { goneWith, rowsOf, storeOf } from '../ask.ts'
import { countOf, groupedOf, groupedSql, partOf } from '../grouped-sums.ts'
import { span } from '../objects.ts'
import type { ApiContext } from '../options.ts'
import { askedChanges, changeParameters, refusals, type ChangeQuery } from './changes.ts'

/** What changes can be counted by, as columns of the view; what belongs to a whole cluster has no namespace. */
const groupings = {
  operation: 'operation',
  kind: 'kind',
  namespace: 'namespace',
  cluster: 'cluster',
  actor: 'actor',
} as const

export const changeSumSchemas = {
  ChangeSums: {
    type: 'object',
    required: ['span', 'step', 'by', 'total', 'groups', 'others', 'buckets'],
    properties: {
      span: { type: 'object', properties: { from: { type: 'string' }, to: { type: 'string' } } },
      step: { type: 'integer', description: 'Length of a bucket in seconds.' },
      by: { type: 'string' },
      total: { type: 'integer', description: 'Changes that match, without those that are hidden.' },
      groups: {
        type: 'array',
        items: { type: 'object', properties: { value: { type: ['string', 'null'] }, changes: { type: 'integer' } } },
        description: 'The largest first.',
      },
      others: {
        type: 'object',
        properties: { groups: { type: 'integer' }, changes: { type: 'integer' } },
        description: 'Groups that are not told apart.',
      },
      buckets: {
        type: 'array',
        description:
          'When each bucket begins, and how many changes it has of each of `groups`, then of the others. Buckets without a change are left out.',
        items: {
          type: 'object',
          properties: { time: { type: 'string' }, changes: { type: 'array', items: { type: 'integer' } } },
        },
      },
      hidden: {
        type: 'object',
        description:
          'Where noise is hidden: changes that match and are not counted above, in all and by rule (one change may be of several).',
        properties: {
          total: { type: 'integer' },
          rules: { type: 'object', additionalProperties: { type: 'integer' } },
        },
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
  description:
    'The same question as GET /api/v1/changes, counted. Groups and others add up to the total, in each bucket and over the span.',
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: {
      ...changeParameters,
      by: { type: 'string', enum: Object.keys(groupings), default: 'operation', description: 'What makes the groups.' },
      limit: { type: 'integer', minimum: 1, maximum: 1000, default: 10, description: 'Groups told apart.' },
      buckets: {
        type: 'integer',
        minimum: 1,
        maximum: 1000,
        default: 150,
        description: 'Buckets of the span at most.',
      },
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
    const rows = await rowsOf(
      storeOf(context),
      sumsSql({ where: [...conditions, ...costly], by: groupings[by], asked, step, limit, hidden }),
      goneWith(reply),
    )
    if (rows === undefined) return reply.hijack()
    return answerJson(request, reply, {
      span: { from: isoOf(asked.from), to: isoOf(asked.to) },
      step,
      by,
      ...sumsOf(rows, hidden),
    })
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

/** Beside the groups: what is `hidden`, and by which `rule`. */
function sumsSql({ where, by, asked: { from, to }, step, limit, hidden }: Asked): string {
  const matching = `SELECT epoch_us(time) // ${BigInt(step) * 1_000_000n} AS bucket, ${by} AS grouped, noise FROM changes WHERE ${[`time >= ${timeSql(from)}`, `time < ${timeSql(to)}`, ...where].join(' AND ')}`
  if (!hidden) return groupedSql({ matching, step, limit })
  const more = [
    "SELECT 'hidden', NULL, NULL, NULL, count(*) FROM matching WHERE len(noise) > 0",
    "SELECT 'rule', rule, NULL, NULL, count(*) FROM (SELECT unnest(noise) AS rule FROM matching) GROUP BY rule",
  ]
  return groupedSql({ matching, shown: 'len(noise) = 0', step, limit, more })
}

function sumsOf(rows: readonly Readonly<Record<string, unknown>>[], hidden: boolean): object {
  const { total, groups, others, buckets } = groupedOf(rows)
  return {
    total,
    groups: groups.map(({ value, n }) => ({ value, changes: n })),
    others: { groups: others.groups, changes: others.n },
    buckets: buckets.map(({ time, n }) => ({ time, changes: n })),
    ...(hidden
      ? {
          hidden: {
            total: countOf(partOf(rows, 'hidden')[0]),
            rules: Object.fromEntries(partOf(rows, 'rule').map((row) => [String(row['name']), countOf(row)])),
          },
        }
      : {}),
  }
}
