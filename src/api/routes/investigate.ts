import type { FastifyInstance } from 'fastify'
import { Integer, Optional, String as Text } from 'typebox'
import { dialectOf } from '../../query/index.ts'
import { answerJson } from '../answer.ts'
import { investigate } from '../investigate/answer.ts'
import { markdownOf } from '../investigate/markdown.ts'
import { relatedTo } from '../investigate/related.ts'
import { subjectOf } from '../investigate/subject.ts'
import { laneNames, laneStates, levels, type LaneName } from '../investigate/types.ts'
import { integer, list, nullable, object, problem, refusals, string } from '../json-schema.ts'
import type { Hub } from '../live/hub.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { answerProperties, rowQueryOf } from '../query-parameters.ts'
import { oneOf, parameters } from '../../topics/schema.ts'
import { listOf } from '../../topics/comma-list.ts'
import { abortOnDisconnect, requireStore, rowsOf } from '../store-query.ts'
import { typed } from '../typed.ts'
import { spanFrom, span as spanOf } from '../../topics/time-span.ts'

const number = { type: 'number' } as const

export const investigateSchemas = {
  Investigation: object(
    {
      subject: object({
        is: { type: 'string', enum: ['object', 'actor', 'address', 'resource'], description: 'Kind of the subject.' },
        text: string,
        ref: { type: 'string', description: 'Permanent name of the subject.' },
      }),
      span: object({ from: string, to: string }),
      namespaces: {
        type: ['array', 'null'],
        items: string,
        description: 'Namespaces to which the response is limited; null: none.',
      },
      filter: { ...nullable, description: 'Filter of the flows of the traffic lane.' },
      step: { ...integer, description: 'Length of a bucket in seconds.' },
      buckets: list(object({ time: string, bytes: number, packets: number, flows: number }), {
        description: 'Traffic. Buckets without flows are omitted.',
      }),
      measured: list(
        object({
          time: string,
          rtt: { type: ['number', 'null'], description: 'Round-trip time in ms, percentile 95 of the flows.' },
          dns_latency: { type: ['number', 'null'], description: 'Of DNS queries, in ms, percentile 95.' },
          drop_packets: number,
          drop_bytes: number,
        }),
        { description: 'Buckets with latencies or drops, for the lanes latency and drops.' },
      ),
      since: { ...nullable, description: 'Oldest stored flow, if the time range begins earlier.' },
      stored_to: { ...nullable, description: 'Flows received later are not stored yet.' },
      lost: answerProperties.lost,
      stopped: answerProperties.stopped,
      lanes: list(
        object({
          name: { type: 'string', enum: laneNames },
          state: {
            type: 'string',
            enum: laneStates,
            description:
              'empty: nothing in the time range; not-collected: nothing of this kind is stored; not-permitted: the ' +
              'user may not see it; not-applicable: it has nothing about such a subject. The lanes latency and drops ' +
              'are absent without values; their values are in `measured`.',
          },
          note: { ...nullable, description: 'Reason for missing items, or a remark.' },
          total: integer,
          items: list(
            object({
              pos: { type: 'string', description: 'Permanent id within the lane.' },
              time: string,
              until: { ...nullable, description: 'End of what lasts.' },
              is: { type: 'string', enum: ['change', 'rollout', 'audit', 'event', 'image', 'cost', 'gap'] },
              level: { type: 'string', enum: levels },
              object: string,
              ref: nullable,
              text: string,
              actor: nullable,
              actor_ref: nullable,
              amount: { type: 'string', description: 'Of a cost: exact decimal.' },
              currency: { type: 'string', description: 'Of a cost.' },
            }),
            { description: 'The newest, in order of time.' },
          ),
          sums: list(
            object({
              object: { ...nullable, description: 'null: all further objects together.' },
              currency: string,
              amount: { type: 'string', description: 'Exact decimal.' },
            }),
            { description: 'Of the lane cost: sums of the time range, largest first, also of items that are absent.' },
          ),
        }),
      ),
    },
    { required: ['subject', 'span', 'namespaces', 'filter', 'step', 'buckets', 'measured', 'lanes'] },
  ),
} as const

const InvestigateParameters = parameters({
  subject: Text({
    minLength: 1,
    maxLength: 2000,
    description:
      'namespace/name, Kind/namespace/name, an address, or a reference: k8s:<cluster>/<group>/<kind>/<namespace>/' +
      '<name>, user:<domain>/<name>, or one of a cloud resource.',
    examples: ['shop/api', '10.20.1.21', 'user:prod-eu/alice'],
  }),
  ...spanFrom('now-1h'),
  limit: Optional(Integer({ minimum: 1, maximum: 500, default: 100, description: 'Maximum items of a lane.' })),
  lanes: Optional(
    Text({
      maxLength: 200,
      description: `Lanes to read, comma-separated; all by default: ${laneNames.join(', ')}.`,
      examples: ['changes,cost'],
    }),
  ),
  format: Optional(oneOf(['json', 'md'], { default: 'json', description: 'md: a report in Markdown.' })),
  pins: Optional(
    Text({
      maxLength: 16_384,
      description: 'For Markdown: items to list first, as `lane:pos`, comma-separated (a comma within as `\\,`).',
    }),
  ),
  notes: Optional(
    Text({
      maxLength: 16_384,
      description: 'For Markdown: texts of pinned items, as `lane:pos=text`, comma-separated as in `pins`.',
    }),
  ),
  base: Optional(
    Text({
      maxLength: 500,
      pattern: '^https?://[^\\s()<>]+$',
      description: 'For Markdown: URL of the console. Default: that of the request.',
    }),
  ),
})

const schema = {
  operationId: 'investigate',
  summary: 'Everything about a workload, actor, address or resource in a time range',
  description:
    'Traffic, latency, drops, changes, audit events, cluster events, problems of images, costs and gaps. Access is ' +
    'decided for each ' +
    'lane; a lane without items states the reason.',
  querystring: InvestigateParameters,
  response: {
    200: {
      description: 'The lanes, or the report.',
      content: { 'application/json': { schema: { $ref: 'Investigation#' } }, 'text/markdown': { schema: string } },
    },
    ...refusals,
    404: problem,
  },
} as const

export function investigateRoutes(app: FastifyInstance, context: ApiContext, hub: Hub): void {
  typed(app).get('/api/v1/investigate', { schema }, async (request, reply) => {
    const { subject: written, from = 'now-1h', to = 'now', limit = 100, ...query } = request.query
    const { principal } = request
    const [store, disconnected] = [requireStore(context), abortOnDisconnect(reply)]
    const now = context.host.clock.now()
    const known = {
      dialect: dialectOf(store),
      principal,
      span: spanOf({ from, to }, now),
      runQuery: async (sql: string) => (await rowsOf(store, sql, disconnected)) ?? [],
    }
    const subject = await subjectOf(written, known)
    const scene = { ...known, subject, limit, store, related: await relatedTo(subject, known) }
    const answer = await investigate(
      scene,
      { context, hub, principal, disconnected },
      (filter) => rowQueryOf({ filter, from, to }, 'flow_time', now, principal),
      lanesOf(query.lanes),
    )
    if (disconnected.aborted) return reply.hijack()
    if (query.format !== 'md') return answerJson(request, reply, answer)
    const base = query.base ?? `${request.protocol}://${request.host}`
    return reply
      .type('text/markdown; charset=utf-8')
      .send(
        markdownOf(answer, { base: base.replace(/\/+$/, ''), pins: listOf(query.pins), notes: listOf(query.notes) }),
      )
  })
}

function lanesOf(written: string | undefined): readonly LaneName[] {
  const listed = listOf(written)
  const unknown = listed.find((name) => !laneNames.some((lane) => lane === name))
  if (unknown !== undefined)
    throw new ApiError('WEIR_API_INVALID', `"lanes" contains ${unknown}, which is no lane.`, {
      hints: [`Possible values: ${laneNames.join(', ')}.`],
    })
  return listed.length === 0 ? laneNames : laneNames.filter((lane) => listed.includes(lane))
}
