import type { FastifyInstance } from 'fastify'
import type { Principal } from '../access/principal.ts'
import { answerJson } from '../answer.ts'
import { goneWith, storeOf } from '../ask.ts'
import { eventRelations, labels, summedRelations } from '../../model/graph.ts'
import { neighbours, pathsBetween, type GraphAsking } from '../graph/graph.ts'
import { moment } from '../objects.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { isoOf } from '../../query/plan/index.ts'
import { listOf } from '../question.ts'
import { refusals } from './changes.ts'

const nullable = { type: ['string', 'null'] } as const
const relationNames: readonly string[] = [...summedRelations, ...eventRelations]

const node = {
  ref: { type: 'string' },
  label: { type: 'string', enum: labels, description: 'As in Neo4j; a WORKLOAD is a RESOURCE, too.' },
  kind: { ...nullable, description: 'Kind of an object, service and type of a resource of a cloud.' },
  name: { type: 'string' },
} as const

const edge = {
  from: { type: 'string' },
  relation: { type: 'string', enum: relationNames },
  to: { type: 'string' },
  count: { type: 'integer', description: 'Traces; of talks-to flows; of what holds over time how often it began.' },
  first: nullable,
  last: { ...nullable, description: 'null: it still holds.' },
  severity: { ...nullable, description: 'Of acted-on: the worst.' },
  bytes: { type: ['integer', 'null'], description: 'Of talks-to.' },
} as const

const cut = {
  type: 'array',
  items: { type: 'object', properties: { ref: { type: 'string' }, others: { type: 'integer' } } },
} as const

export const graphSchemas = {
  Graph: {
    type: 'object',
    required: ['ref', 'from', 'to', 'nodes', 'edges', 'cut'],
    properties: {
      ref: { type: 'string' },
      from: { type: 'string' },
      to: { type: 'string' },
      nodes: { type: 'array', items: { type: 'object', properties: { ...node, hops: { type: 'integer' } } } },
      edges: { type: 'array', items: { type: 'object', properties: edge } },
      cut: { ...cut, description: 'Nodes with more edges than are shown, and how many more.' },
    },
  },
  GraphPaths: {
    type: 'object',
    required: ['from', 'to', 'nodes', 'paths', 'edges', 'cut'],
    properties: {
      from: { type: 'string' },
      to: { type: 'string' },
      nodes: { type: 'array', items: { type: 'object', properties: node } },
      paths: {
        type: 'array',
        items: { type: 'array', items: { type: 'string' } },
        description:
          'The shortest ones, ten at most: references from one end to the other. Empty: there is none so short.',
      },
      edges: { type: 'array', items: { type: 'object', properties: edge } },
      cut: { ...cut, description: 'Nodes of which not every edge was followed: a path through these may be missing.' },
    },
  },
} as const

const relation = {
  type: 'string',
  maxLength: 1000,
  description: `Relations, with commas: ${relationNames.join(', ')}. Without it, all but ${eventRelations.join(', ')}, which are of single events.`,
} as const
const asOf = 'What holds over time is as it was then: `now-15m`, ISO 8601, or Unix milliseconds; without it, now.'
const ref = { type: 'string', minLength: 1, maxLength: 4000 } as const

const schema = {
  operationId: 'graph',
  summary: 'What an actor, a resource, an object, a tenant has to do with others',
  description:
    'Nodes and edges around one node; what many events tell is one edge with their number. Of each node so many edges are shown, of each relation those that stand for most; `cut` tells of the others.',
  querystring: {
    type: 'object',
    additionalProperties: false,
    required: ['ref'],
    properties: {
      ref: {
        ...ref,
        description:
          'The node, as views `audit`, `resources` and `relations` have it; `action:<name>` is all actions of a name.',
        examples: ['user:eaf411e3/8a1c', 'k8s:prod-eu/apps/Deployment/shop/web'],
      },
      hops: { type: 'integer', minimum: 1, maximum: 2, default: 1 },
      limit: { type: 'integer', minimum: 1, maximum: 100, default: 25, description: 'Edges of each node.' },
      from: {
        type: 'string',
        description: 'Begin of what happened; without it, 24 hours before its end.',
        examples: ['now-7d'],
      },
      to: { type: 'string', description: `End of what happened, and the time of the answer. ${asOf}` },
      at: { type: 'string', description: 'The same as `to`.' },
      relation,
    },
  },
  response: { 200: { $ref: 'Graph#' }, ...refusals },
} as const

const pathSchema = {
  operationId: 'graphPaths',
  summary: 'How one node has to do with another: the shortest paths, in whatever direction their edges lead',
  querystring: {
    type: 'object',
    additionalProperties: false,
    required: ['from', 'to'],
    properties: {
      from: { ...ref, description: 'One end.' },
      to: { ...ref, description: 'The other end.' },
      hops: { type: 'integer', minimum: 1, maximum: 4, default: 4, description: 'Edges of the longest path.' },
      since: {
        type: 'string',
        description: 'Begin of what happened; without it, 24 hours before its end.',
        examples: ['now-7d'],
      },
      at: { type: 'string', description: `End of what happened, and the time of the answer. ${asOf}` },
      relation,
    },
  },
  response: { 200: { $ref: 'GraphPaths#' }, ...refusals },
} as const

const dayUs = 86_400_000_000n

function spanOf(begin: string | undefined, end: string | undefined, now: number): GraphAsking['span'] {
  const to = moment(end ?? 'now', 'to', now)
  const from = begin === undefined ? to - dayUs : moment(begin, 'from', now)
  if (from >= to)
    throw new ApiError('WEIR_API_INVALID', `What happened begins (${isoOf(from)}) after its end (${isoOf(to)}).`)
  return { from, to }
}

function relationsOf(written: string | undefined): ReadonlySet<string> | undefined {
  const named = listOf(written)
  const strange = named.find((name) => !relationNames.includes(name))
  if (strange !== undefined)
    throw new ApiError('WEIR_API_INVALID', `There is no relation ${strange}.`, {
      hints: [`Relations are ${relationNames.join(', ')}.`],
    })
  return named.length === 0 ? undefined : new Set(named)
}

interface Query {
  readonly ref: string
  readonly hops?: number
  readonly limit?: number
  readonly from?: string
  readonly to?: string
  readonly at?: string
  readonly relation?: string
}

interface PathQuery {
  readonly from: string
  readonly to: string
  readonly hops?: number
  readonly since?: string
  readonly at?: string
  readonly relation?: string
}

export function graphRoutes(app: FastifyInstance, context: ApiContext): void {
  const { clock } = context.host
  const asking = (
    gone: AbortSignal,
    principal: Principal,
    span: GraphAsking['span'],
    written: string | undefined,
  ): GraphAsking => ({ store: storeOf(context), gone, principal, span, relations: relationsOf(written) })
  app.get('/api/v1/graph', { schema }, async (request, reply) => {
    const query = request.query as Query
    const span = spanOf(query.from, query.to ?? query.at, clock.now())
    const graph = await neighbours(
      asking(goneWith(reply), request.principal, span, query.relation),
      query.ref,
      query.hops ?? 1,
      query.limit ?? 25,
    )
    if (graph === undefined) return reply.hijack()
    return answerJson(request, reply, { ref: query.ref, from: isoOf(span.from), to: isoOf(span.to), ...graph })
  })

  app.get('/api/v1/graph/paths', { schema: pathSchema }, async (request, reply) => {
    const query = request.query as PathQuery
    const span = spanOf(query.since, query.at, clock.now())
    const paths = await pathsBetween(
      asking(goneWith(reply), request.principal, span, query.relation),
      query.from,
      query.to,
      query.hops ?? 4,
    )
    if (paths === undefined) return reply.hijack()
    return answerJson(request, reply, { from: query.from, to: query.to, ...paths })
  })
}
