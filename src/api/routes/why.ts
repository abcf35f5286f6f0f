import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { stepOf, type Measure } from '../../query/plan/index.ts'
import { moment } from '../../topics/time-span.ts'
import { answerJson } from '../answer.ts'
import { boolean, closed, integer, list, nullable, object, refusals, string } from '../json-schema.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { questionParameters, rowQueryOf, type QuestionQuery } from '../query-parameters.ts'
import { abortOnDisconnect, requireStore, rowsOf } from '../store-query.ts'
import { precedingChanges, trafficMarks, type WhyRun } from '../why/answer.ts'
import { levelKinds } from '../why/levels.ts'
import { reasons } from '../why/types.ts'
import { verdicts } from '../why/verdict.ts'

const number = { type: 'number' } as const

const mark = {
  is: {
    type: 'string',
    enum: ['change', 'rollout', 'resource', 'audit'],
    description:
      'A change of an object; one of a pod template; one of a cloud resource, as its inventory recorded it; an audit ' +
      'event without such a change.',
  },
  time: { ...string, description: 'For cloud resources that of the audit event, if there is one; else of the record.' },
  cluster: nullable,
  group: { type: 'string', description: 'For cloud resources the provider.' },
  kind: { type: 'string', description: 'Of the object; for clouds the type of the resource.' },
  namespace: nullable,
  name: string,
  ref: nullable,
  operation: {
    type: 'string',
    description:
      'created, updated or deleted; of cloud resources created, changed or deleted; of audit events the action.',
  },
  actor: nullable,
  actor_kind: nullable,
  actor_ref: nullable,
  manager: nullable,
  audit_id: nullable,
  paths: list(string),
  diff: {
    description: 'JSON Patch from old to new (RFC 6902), at most 40 operations; `old` is the known value before.',
  },
  pos: { type: 'string', description: 'Permanent id of the change or audit event.' },
  reasons: list(
    object({
      is: { type: 'string', enum: reasons },
      object: { type: 'string', description: 'The affected workload, or the actor.' },
      via: { type: 'string', description: 'Set if that workload only exchanges traffic with this affected one.' },
    }),
    { description: 'The relation to the workloads of the flows.' },
  ),
} as const

const end = object({ cluster: nullable, namespace: string, kind: string, name: string })
const span = object({ from: string, to: string })
const cut = { ...boolean, description: 'More than 5,000 changes: only the newest were considered.' } as const

const level = object({
  time: { ...string, description: 'Start of the first bucket at the new level.' },
  earliest: { ...string, description: 'Start of the interval of confidence.' },
  latest: { ...string, description: 'End of the interval of confidence, at most two buckets later.' },
  kind: {
    type: 'string',
    enum: levelKinds,
    description: 'Away from the usual level (fall, rise), or back to it (recovery).',
  },
  gradual: { ...boolean, description: 'The level moved over several buckets.' },
  before: { ...number, description: 'Mean per second of the changed pairs before.' },
  after: { ...number, description: 'Mean per second of the changed pairs since.' },
  workloads: list(string, { description: 'Ends of the changed pairs, at most 10.' }),
  selected: { ...boolean, description: 'The change that the candidates precede.' },
})

export const whySchemas = {
  PrecedingChanges: object(
    {
      span,
      step: { ...integer, description: 'Length in seconds of the buckets in which the start was searched.' },
      onset: { ...string, description: 'Time of the selected change of traffic.' },
      detected: {
        ...boolean,
        description:
          'False: no change was found, or none at `at`; `onset` is then `at` or the start of the time range.',
      },
      levels: list(level, { description: 'All changes of level in the time range, in order of time.' }),
      verdict: {
        type: 'string',
        enum: verdicts,
        description: 'Whether the first candidate explains the change: clearly; not clearly; or no candidate does.',
      },
      reason: { ...string, description: 'Of the verdict, with the number of searched changes.' },
      missing: list(string, { description: 'Sources of changes that have no data for the affected clusters.' }),
      compared: { ...span, description: 'Traffic before and since `onset` was compared in this time range.' },
      window: { ...span, description: 'Time range of the candidates.' },
      by: string,
      before: { ...number, description: 'Sum in `compared` before `onset`.' },
      after: { ...number, description: 'Sum in `compared` since `onset`.' },
      pairs: list(object({ source: end, destination: end, before: number, after: number }), {
        description: 'Pairs with the largest difference.',
      }),
      candidates: list(
        object({
          ...mark,
          score: {
            ...number,
            description:
              '0 to 1: time proximity × closeness × weight of the kind × share of the changed traffic. An order, ' +
              'not a probability.',
          },
          share: { ...number, description: 'Share of the changed traffic at the related workload.' },
          repeats: {
            ...integer,
            description:
              'Further changes of the same object, if it is only in the same namespace; they are not listed.',
          },
          seconds_before: { ...number, description: 'From the change to `onset`; negative: after it.' },
        }),
        { description: 'Changes that preceded, best first. That a change preceded does not prove a cause.' },
      ),
      others: { ...integer, description: 'Further candidates with lower scores.' },
      excluded: object(
        { noise: integer, controllers: integer, unrelated: integer },
        { description: 'Changes by noise rules, results of controllers, and changes without a known relation.' },
      ),
      cut,
    },
    { required: ['span', 'onset', 'detected', 'candidates', 'others', 'excluded'] },
  ),
  TrafficMarks: object(
    {
      span,
      marks: list(object(mark), { description: 'In order of time.' }),
      others: { ...integer, description: 'Related changes that are not returned: weakly related, or beyond `limit`.' },
      cut,
    },
    { required: ['span', 'marks', 'others'] },
  ),
} as const

interface Query extends QuestionQuery {
  readonly by?: Measure
  readonly lookback?: string
  readonly at?: string
  readonly limit?: number
}

const whySchema = {
  operationId: 'why',
  summary: 'What changed before a change of traffic',
  description:
    'Lists the changes of level of the flows in the time range, and ranks the changes of objects and ' +
    'cloud resources and the audit events before the selected one. Inventories record changes some minutes later.',
  querystring: closed({
    ...questionParameters,
    by: { type: 'string', enum: ['bytes', 'packets', 'flows'], default: 'bytes', description: 'Measure to compare.' },
    lookback: {
      type: 'string',
      default: '30m',
      description: 'How long before the start candidates are searched: 10m, 2h, 1d.',
    },
    at: {
      type: 'string',
      description: 'Time of the change of level to explain, of `levels`; default: the largest fall, or else change.',
    },
    limit: { type: 'integer', minimum: 1, maximum: 200, default: 20, description: 'Maximum number of candidates.' },
  }),
  response: { 200: { $ref: 'PrecedingChanges#' }, ...refusals },
} as const

const marksSchema = {
  operationId: 'marks',
  summary: 'Changes to mark in a chart of flows',
  description:
    'Changes of objects, rollouts and audit events in the time range that are related to the workloads of the flows.',
  querystring: closed({
    ...questionParameters,
    limit: { type: 'integer', minimum: 1, maximum: 500, default: 60, description: 'Maximum number of marks.' },
  }),
  response: { 200: { $ref: 'TrafficMarks#' }, ...refusals },
} as const

export function whyRoutes(app: FastifyInstance, context: ApiContext): void {
  const answer =
    (answerOf: (run: WhyRun, query: Query) => Promise<object>) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const query = request.query as Query
      const [store, disconnected] = [requireStore(context), abortOnDisconnect(reply)]
      const { principal } = request
      const now = context.host.clock.now()
      const run: WhyRun = {
        context,
        store,
        principal,
        runQuery: async (sql) => (await rowsOf(store, sql, disconnected)) ?? [],
        flows: rowQueryOf(query, 'flow_time', now, principal),
        allFlows: rowQueryOf({ ...query, filter: '', both_ways: 'false' }, 'flow_time', now, principal),
        by: query.by ?? 'bytes',
        limit: query.limit ?? 20,
      }
      const body = await answerOf(run, query)
      return disconnected.aborted ? reply.hijack() : answerJson(request, reply, body)
    }
  app.get(
    '/api/v1/why',
    { schema: whySchema },
    answer((run, { lookback = '30m', at }) => {
      const seconds = stepOf(lookback)
      if (seconds === undefined)
        throw new ApiError('WEIR_API_INVALID', `"lookback" is not a duration: ${lookback}.`, {
          hints: ['Write 10m, 2h or 1d.'],
        })
      return precedingChanges(run, {
        lookbackUs: BigInt(seconds) * 1_000_000n,
        at: at === undefined ? undefined : moment(at, 'at', context.host.clock.now()),
      })
    }),
  )
  app.get(
    '/api/v1/marks',
    { schema: marksSchema },
    answer((run, { limit = 60 }) => trafficMarks({ ...run, limit })),
  )
}
