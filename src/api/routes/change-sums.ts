import type { FastifyInstance } from 'fastify'
import { isoOf, stepFor, type TimeSpan } from '../../query/plan/index.ts'
import { dialectOf, type Dialect } from '../../query/index.ts'
import { answerJson } from '../answer.ts'
import { storedTo } from '../stored-to.ts'
import { abortOnDisconnect, rowsOf, requireStore } from '../store-query.ts'
import { countOf, groupedOf, groupedSql, partOf } from '../grouped-sums.ts'
import { groupLimits } from '../objects.ts'
import { span } from '../../topics/time-span.ts'
import { coverageOfEvents, eventCoverage } from '../event-coverage.ts'
import type { ApiContext } from '../options.ts'
import { changeConditions, changeParameters, type ChangeQuery } from '../change-conditions.ts'
import { closed, integer, list, nullable, object, refusals, string } from '../json-schema.ts'

const groupings = {
  operation: 'operation',
  kind: 'kind',
  namespace: 'namespace',
  cluster: 'cluster',
  actor: 'actor',
} as const

export const changeSumSchemas = {
  ChangeSums: object(
    {
      span: object({ from: string, to: string }),
      step: { type: 'integer', description: 'Length of a bucket in seconds.' },
      by: string,
      total: { type: 'integer', description: 'Matching changes, without hidden ones.' },
      groups: list(object({ value: nullable, changes: integer }), { description: 'Largest first.' }),
      others: object({ groups: integer, changes: integer }, { description: 'Number of remaining groups.' }),
      buckets: list(object({ time: string, changes: list(integer) }), {
        description:
          'Start of each bucket, with the number of changes in each of `groups` and in the rest. Empty ' +
          'buckets are omitted.',
      }),
      hidden: object(
        {
          total: integer,
          rules: { type: 'object', additionalProperties: integer },
        },
        {
          description:
            'If noise is hidden: matching changes that are not counted above, in total and by rule (a change ' +
            'may match several rules).',
        },
      ),
      ...eventCoverage,
    },
    { required: ['span', 'step', 'by', 'total', 'groups', 'others', 'buckets'] },
  ),
} as const

interface Query extends ChangeQuery {
  readonly by?: keyof typeof groupings
  readonly limit?: number
  readonly buckets?: number
}

const schema = {
  operationId: 'changeSums',
  summary: 'Number of changes over time and by group',
  description:
    'Same parameters as GET /api/v1/changes. Groups and rest add up to the total, in each bucket and over ' +
    'the time range.',
  querystring: closed({
    ...changeParameters,
    by: { type: 'string', enum: Object.keys(groupings), default: 'operation', description: 'Field to group by.' },
    ...groupLimits,
  }),
  response: { 200: { $ref: 'ChangeSums#' }, ...refusals },
} as const

export function changeSumRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get('/api/v1/changes/sums', { schema }, async (request, reply) => {
    const query = request.query as Query
    const store = requireStore(context)
    const dialect = dialectOf(store)
    const { conditions, costly, hidden } = changeConditions(query, request.principal, dialect)
    const { by = 'operation', limit = 10, buckets = 150 } = query
    const range = span({ from: query.from ?? 'now-24h', to: query.to ?? 'now' }, context.host.clock.now())
    const step = stepFor(range, buckets)
    const unstored = storedTo(context, range)
    const rows = await rowsOf(
      store,
      sumsSql({ dialect, where: [...conditions, ...costly], by: groupings[by], span: range, step, limit, hidden }),
      abortOnDisconnect(reply),
    )
    if (rows === undefined) return reply.hijack()
    return answerJson(request, reply, {
      span: { from: isoOf(range.from), to: isoOf(range.to) },
      step,
      by,
      ...sumsOf(rows, hidden),
      ...(await coverageOfEvents(context, 'change', range, unstored)),
    })
  })
}

type SumsQuery = Readonly<{
  dialect: Dialect
  where: readonly string[]
  by: string
  span: TimeSpan
  step: number
  limit: number
  hidden: boolean
}>

function sumsSql({ dialect, where, by, span: { from, to }, step, limit, hidden }: SumsQuery): string {
  const bucket = dialect.floorDivide(dialect.micros('time'), BigInt(step) * 1_000_000n)
  const conditions = [`time >= ${dialect.time(from)}`, `time < ${dialect.time(to)}`, ...where].join(' AND ')
  const changes = dialect.changesIn({ from, to })
  const matching = `SELECT ${bucket} AS bucket, ${by} AS grouped, noise FROM ${changes} WHERE ${conditions}`
  if (!hidden) return groupedSql({ matching, step, limit }, dialect)
  const more = [
    "SELECT 'hidden', NULL, NULL, NULL, count(*)::BIGINT FROM matching WHERE length(noise) > 0",
    "SELECT 'rule', rule, NULL, NULL, count(*)::BIGINT FROM " +
      `(SELECT ${dialect.unnest('noise')} AS rule FROM matching) GROUP BY rule`,
  ]
  return groupedSql({ matching, shown: 'length(noise) = 0', step, limit, more }, dialect)
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
