import type { FastifyInstance } from 'fastify'
import { endpointFields, flowNames } from '../../query/index.ts'
import {
  groupsSql,
  isoOf,
  maxBuckets,
  seriesSql,
  stepFor,
  stepOf,
  type GroupsRequest,
  type SeriesRequest,
} from '../../query/plan/index.ts'
import { nearest } from '../../schema/suggest.ts'
import type { Principal } from '../access/principal.ts'
import { answerJson } from '../answer.ts'
import { abortOnDisconnect } from '../store-query.ts'
import type { Hub } from '../live/hub.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { answerFrame, answerProperties, columnOf, groupField, rowQueryOf } from '../query-parameters.ts'
import { listOf } from '../../topics/comma-list.ts'
import { ringGroups, ringSeries } from '../ring/answers.ts'
import { sumProperties } from '../sum-parameters.ts'
import {
  SeriesParameters,
  TopologyParameters,
  type SeriesQuery,
  type TopologyQuery,
} from '../../topics/flows/parameters.ts'
import { typed } from '../typed.ts'
import { readSums, measureCells, shifted, sumColumns, sumsOf, type RunStatement } from '../sums.ts'
import { integer, object, refusals } from '../json-schema.ts'

const required = ['columns', 'rows', 'next', 'source', 'span', 'exact'] as const

export const sumSchemas = {
  Series: object(
    {
      ...answerProperties,
      step: {
        type: 'integer',
        description: 'Length of a bucket in seconds. Buckets without data are omitted.',
      },
    },
    { required: [...required, 'step'] },
  ),
  Topology: object(
    {
      ...answerProperties,
      total: object(
        { edges: integer, ...sumProperties },
        { description: 'Sums of all edges, including those not shown.' },
      ),
    },
    { required: [...required, 'total'] },
  ),
} as const

const seriesSchema = {
  operationId: 'series',
  summary: 'Bytes, packets and flows over time',
  description:
    'Bytes and packets are estimates (× sampling interval). With `group`: the largest groups over the whole ' +
    'time range and, as `other`, the rest of each bucket. The rows of a ' +
    'bucket add up to its total.',
  querystring: SeriesParameters,
  response: { 200: { $ref: 'Series#' }, ...refusals },
} as const

const topologySchema = {
  operationId: 'topology',
  summary: 'Traffic between sources and destinations',
  description: 'The largest edges from source to destination, and the sums of all edges.',
  querystring: TopologyParameters,
  response: { 200: { $ref: 'Topology#' }, ...refusals },
} as const

export function sumRoutes(app: FastifyInstance, context: ApiContext, hub: Hub): void {
  const routes = typed(app)
  routes.get('/api/v1/series', { schema: seriesSchema }, async (request, reply) => {
    const run = { context, hub, principal: request.principal, disconnected: abortOnDisconnect(reply) }
    const answer = await seriesAnswer(run, request.query)
    return answer === undefined ? reply.hijack() : answerJson(request, reply, answer)
  })
  routes.get('/api/v1/topology', { schema: topologySchema }, async (request, reply) => {
    const run = { context, hub, principal: request.principal, disconnected: abortOnDisconnect(reply) }
    const answer = await topologyAnswer(run, request.query)
    return answer === undefined ? reply.hijack() : answerJson(request, reply, answer)
  })
}

/** The body of a response. Undefined when the client has disconnected. */
export async function seriesAnswer(run: RunStatement, query: SeriesQuery): Promise<object | undefined> {
  const parsed = seriesRequest(query, run.context.host.clock.now(), run.principal)
  const { group, step } = parsed
  const answer = await readSums(run, {
    request: parsed,
    groups: { fields: group, step },
    query,
    readers: { sql: seriesSql, ring: (source, signal) => ringSeries(source, parsed, signal) },
  })
  if (answer === undefined) return undefined
  const columns = [
    { name: 'time', type: 'TIMESTAMP WITH TIME ZONE' },
    ...(group.length === 0 ? [] : [{ name: 'other', type: 'BOOLEAN' }]),
    ...group.map(columnOf),
    ...sumColumns(parsed),
  ]
  const rows = answer.rows.map((row) => [
    isoOf(BigInt(row['_bucket'] as string | number)),
    ...(group.length === 0 ? [] : [row['_other']]),
    ...group.map((_, index) => row[`_g${index}`] ?? null),
    ...measureCells(row, parsed),
  ])
  return { ...answerFrame(columns, rows, answer.span, answer), step }
}

async function topologyAnswer(run: RunStatement, query: TopologyQuery): Promise<object | undefined> {
  const parsed = topologyRequest(query, run.context.host.clock.now(), run.principal)
  const answer = await readSums(run, {
    request: parsed,
    groups: { fields: parsed.group, step: undefined },
    query,
    readers: { sql: groupsSql, ring: (source, signal) => ringGroups(source, parsed, signal) },
  })
  if (answer === undefined) return undefined
  const { group } = parsed
  const rows = answer.rows.map((row) => [
    ...group.map((_, index) => row[`_g${index}`] ?? null),
    ...measureCells(row, parsed),
  ])
  const { groups: edges, ...sums } = answer.total
  return {
    ...answerFrame([...group.map(columnOf), ...sumColumns(parsed)], rows, answer.span, answer),
    total: { edges, ...sums },
  }
}

function seriesRequest(query: SeriesQuery, now: number, principal: Principal): SeriesRequest {
  const rowQuery = shifted(rowQueryOf(query, 'flow_time', now, principal), query.offset)
  const { step: written = 'auto' } = query
  const step = written === 'auto' ? stepFor(rowQuery.span, 300) : stepOf(written)
  if (step === undefined)
    throw new ApiError('WEIR_API_INVALID', `"step" is not a duration: ${written}.`, {
      hints: ['Write 30s, 5m, 1h, 1d or auto.'],
    })
  const buckets = Number(rowQuery.span.to - rowQuery.span.from) / 1e6 / step
  if (buckets > maxBuckets)
    throw new ApiError(
      'WEIR_API_INVALID',
      `The time range has ${Math.ceil(buckets)} buckets of ${written}; the maximum is ${maxBuckets}.`,
      { hints: ['Use a longer step, or auto.'] },
    )
  return { ...rowQuery, step, group: listOf(query.group).map(groupField), ...sumsOf(query, 10) }
}

function topologyRequest(query: TopologyQuery, now: number, principal: Principal): GroupsRequest {
  const parts = listOf(query.scope ?? 'addr')
  if (parts.length === 0)
    throw new ApiError('WEIR_API_INVALID', '"scope" is empty.', { hints: ['Write addr, namespace, owner_name …'] })
  const ends = parts.map((written) => {
    if (written.toLowerCase() === 'endpoint') return endpointFields
    const part = flowNames.endPart(written)
    const [src, dst] = part === undefined ? [] : [flowNames.ofEnd('src', part), flowNames.ofEnd('dst', part)]
    if (src === undefined || dst === undefined) {
      const allowed = flowNames.fields
        .flatMap(({ name }) => (name.startsWith('src_') ? [name.slice(4)] : []))
        .filter((field) => flowNames.endPart(field) !== undefined)
      const meant = nearest(written, allowed)
      throw new ApiError(
        'WEIR_API_INVALID',
        `"scope" contains ${written}, which is not a property of source and destination.`,
        { hints: [meant === undefined ? `Possible values: ${allowed.join(', ')}.` : `Did you mean ${meant}?`] },
      )
    }
    return { src, dst }
  })
  const rowQuery = shifted(rowQueryOf(query, 'flow_time', now, principal), query.offset)
  return { ...rowQuery, group: [...ends.map(({ src }) => src), ...ends.map(({ dst }) => dst)], ...sumsOf(query, 500) }
}
