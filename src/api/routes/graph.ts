import type { FastifyInstance } from 'fastify'
import type { Principal } from '../access/principal.ts'
import { answerJson } from '../answer.ts'
import { abortOnDisconnect, requireStore } from '../store-query.ts'
import { eventRelations, labels, summedRelations } from '../../model/graph.ts'
import { inventoryRelations } from '../../model/inventory-columns.ts'
import { neighbours, pathsBetween, type GraphQuery } from '../graph/graph.ts'
import { moment } from '../../topics/time-span.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { isoOf } from '../../query/plan/index.ts'
import { listOf } from '../../topics/comma-list.ts'
import { closed, integer, list, nullable, object, refusals, string } from '../json-schema.ts'

const relationNames: readonly string[] = [...summedRelations, ...inventoryRelations, ...eventRelations]

const node = {
  ref: string,
  label: { type: 'string', enum: labels, description: 'Labels as in Neo4j; a WORKLOAD is also a RESOURCE.' },
  kind: { ...nullable, description: 'Kind of an object; service and type of a cloud resource.' },
  name: string,
} as const

const edge = {
  from: string,
  relation: { type: 'string', enum: relationNames },
  to: string,
  count: {
    type: 'integer',
    description: 'Number of audit events or flows (talks-to); for relations with validity, the number of starts.',
  },
  first: nullable,
  last: { ...nullable, description: 'null: still valid.' },
  severity: { ...nullable, description: 'For acted-on: the worst.' },
  bytes: { type: ['integer', 'null'], description: 'Of talks-to.' },
} as const

const cut = list(object({ ref: string, others: integer }))

export const graphSchemas = {
  Graph: object(
    {
      ref: string,
      from: string,
      to: string,
      nodes: list(object({ ...node, hops: integer })),
      edges: list(object(edge)),
      cut: { ...cut, description: 'Nodes with more edges than shown, with the number of omitted edges.' },
    },
    { required: ['ref', 'from', 'to', 'nodes', 'edges', 'cut'] },
  ),
  GraphPaths: object(
    {
      from: string,
      to: string,
      nodes: list(object(node)),
      paths: list(list(string), {
        description:
          'The shortest paths, at most ten: resource references from one end to the other. Empty: none ' +
          'within the limit.',
      }),
      edges: list(object(edge)),
      cut: { ...cut, description: 'Nodes with edges that were not followed; paths through them may be missing.' },
    },
    { required: ['from', 'to', 'nodes', 'paths', 'edges', 'cut'] },
  ),
} as const

const relation = {
  type: 'string',
  maxLength: 1000,
  description:
    `Relations, comma-separated: ${relationNames.join(', ')}. Unset: all but ` +
    `${eventRelations.join(', ')}, which belong to single events.`,
} as const
const asOf = 'Time for relations with validity: `now-15m`, ISO 8601, or Unix milliseconds. Unset: now.'
const ref = { type: 'string', minLength: 1, maxLength: 4000 } as const

const schema = {
  operationId: 'graph',
  summary: 'Relations of an actor, resource, object or tenant',
  description:
    'Nodes and edges around one node. Many events between the same nodes are one edge with their number. The ' +
    'edges of each node are limited to the most frequent of each relation; `cut` counts the omitted ones.',
  querystring: closed(
    {
      ref: {
        ...ref,
        description:
          'The node, as in views `audit`, `resources` and `relations`; `action:<name>` means all actions of that name.',
        examples: ['user:eaf411e3/8a1c', 'k8s:prod-eu/apps/Deployment/shop/web'],
      },
      hops: { type: 'integer', minimum: 1, maximum: 2, default: 1 },
      limit: { type: 'integer', minimum: 1, maximum: 100, default: 25, description: 'Maximum edges of each node.' },
      from: {
        type: 'string',
        description: 'Start of the events. Unset: 24 hours before the end.',
        examples: ['now-7d'],
      },
      to: { type: 'string', description: `End of the events, and time of the response. ${asOf}` },
      at: { type: 'string', description: 'Same as `to`.' },
      relation,
    },
    { required: ['ref'] },
  ),
  response: { 200: { $ref: 'Graph#' }, ...refusals },
} as const

const pathSchema = {
  operationId: 'graphPaths',
  summary: 'Shortest paths between two nodes, regardless of edge direction',
  querystring: closed(
    {
      from: { ...ref, description: 'One end.' },
      to: { ...ref, description: 'Target node.' },
      hops: { type: 'integer', minimum: 1, maximum: 4, default: 4, description: 'Maximum length of a path, in edges.' },
      since: {
        type: 'string',
        description: 'Start of the events. Unset: 24 hours before the end.',
        examples: ['now-7d'],
      },
      at: { type: 'string', description: `End of the events, and time of the response. ${asOf}` },
      relation,
    },
    { required: ['from', 'to'] },
  ),
  response: { 200: { $ref: 'GraphPaths#' }, ...refusals },
} as const

const dayUs = 86_400_000_000n

function spanOf(begin: string | undefined, end: string | undefined, now: number): GraphQuery['span'] {
  const to = moment(end ?? 'now', 'to', now)
  const from = begin === undefined ? to - dayUs : moment(begin, 'from', now)
  if (from >= to)
    throw new ApiError(
      'WEIR_API_INVALID',
      `The start of the events (${isoOf(from)}) is after their end (${isoOf(to)}).`,
    )
  return { from, to }
}

function relationsOf(written: string | undefined): ReadonlySet<string> | undefined {
  const named = listOf(written)
  const unknown = named.find((name) => !relationNames.includes(name))
  if (unknown !== undefined)
    throw new ApiError('WEIR_API_INVALID', `There is no relation ${unknown}.`, {
      hints: [`Relations: ${relationNames.join(', ')}.`],
    })
  return named.length === 0 ? undefined : new Set(named)
}

type Query = Readonly<{
  ref: string
  hops?: number
  limit?: number
  from?: string
  to?: string
  at?: string
  relation?: string
}>

type PathQuery = Readonly<{
  from: string
  to: string
  hops?: number
  since?: string
  at?: string
  relation?: string
}>

export function graphRoutes(app: FastifyInstance, context: ApiContext): void {
  const { clock } = context.host
  const graphQuery = (
    disconnected: AbortSignal,
    principal: Principal,
    span: GraphQuery['span'],
    written: string | undefined,
  ): GraphQuery => ({ store: requireStore(context), disconnected, principal, span, relations: relationsOf(written) })
  app.get('/api/v1/graph', { schema }, async (request, reply) => {
    const query = request.query as Query
    const span = spanOf(query.from, query.to ?? query.at, clock.now())
    const graph = await neighbours(
      graphQuery(abortOnDisconnect(reply), request.principal, span, query.relation),
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
      graphQuery(abortOnDisconnect(reply), request.principal, span, query.relation),
      query.from,
      query.to,
      query.hops ?? 4,
    )
    if (paths === undefined) return reply.hijack()
    return answerJson(request, reply, { from: query.from, to: query.to, ...paths })
  })
}
