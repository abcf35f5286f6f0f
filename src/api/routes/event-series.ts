import type { FastifyInstance } from 'fastify'
import type { StoreReader } from '../../engine/control.ts'
import { families, type Family } from '../../model/batches.ts'
import { isoOf } from '../../query/plan/index.ts'
import { answerJson } from '../answer.ts'
import {
  eventFunctions,
  eventGroups,
  eventSampleSql,
  eventSeriesSql,
  fieldsIn,
  type EventSeriesQuery,
} from '../event-series.ts'
import { closed, integer, list, nullable, object, refusals, string } from '../json-schema.ts'
import { span, spanFrom } from '../../topics/time-span.ts'
import { coverageOfEvents, eventCoverage } from '../../topics/event-coverage.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { storedTo } from '../../topics/coverage.ts'
import { abortOnDisconnect, requireStore, rowsOf } from '../store-query.ts'

export const eventSeriesSchemas = {
  EventFields: object(
    {
      numbers: list(string, { description: 'JSON pointers of numbers in the bodies.' }),
      texts: list(string, { description: 'JSON pointers of texts, for groups.' }),
    },
    { required: ['numbers', 'texts'] },
  ),
  EventSeries: object(
    {
      span: object({ from: string, to: string }),
      step: { type: 'integer', description: 'Width of a bucket in seconds.' },
      series: list(
        object({
          value: { ...nullable, description: 'Value of the group; null: events without one, or the rest.' },
          others: { type: 'integer', description: 'Number of groups in the rest; 0: a group.' },
          points: list(object({ time: integer, number: { type: 'number' } }), {
            description: 'Unix seconds of the start of the bucket; buckets without a number are absent.',
          }),
        }),
        { description: 'Groups with the most events, and the rest.' },
      ),
      ...eventCoverage,
    },
    { required: ['span', 'step', 'series'] },
  ),
} as const

const family = { type: 'string', enum: families, description: 'Family of the events.' } as const
const pointer = { type: 'string', maxLength: 500, pattern: '^(/[^/]*)+$' } as const

const fieldsSchema = {
  operationId: 'eventFields',
  summary: 'Numbers and texts in the bodies of the newest events of a family',
  querystring: closed({ family, ...spanFrom('now-1h') }, { required: ['family'] }),
  response: { 200: { $ref: 'EventFields#' }, ...refusals },
} as const

const seriesSchema = {
  operationId: 'eventSeries',
  summary: 'Series of a number in the bodies of events',
  querystring: closed(
    {
      family,
      field: { ...pointer, description: 'JSON pointer of the number.', examples: ['/fields/value'] },
      function: { type: 'string', enum: eventFunctions, default: 'avg', description: 'Function of each bucket.' },
      by: {
        type: 'string',
        maxLength: 500,
        pattern: `^(${eventGroups.join('|')}|(/[^/]*)+)$`,
        description: 'Attribute or JSON pointer of the groups. Unset: one series.',
        examples: ['subject'],
      },
      buckets: { type: 'integer', minimum: 2, maximum: 1000, default: 120, description: 'Number of buckets.' },
      limit: { type: 'integer', minimum: 1, maximum: 50, default: 8, description: 'Maximum number of groups.' },
      ...spanFrom('now-1h'),
    },
    { required: ['family', 'field'] },
  ),
  response: { 200: { $ref: 'EventSeries#' }, ...refusals },
} as const

type Row = Readonly<{ place: number; value: string | null; bucket: number; number: number; groups: number }>

function ownStore(context: ApiContext): StoreReader {
  const store = requireStore(context)
  if (store.dialect !== 'clickhouse') return store
  throw new ApiError('WEIR_API_NO_STORE', 'The store in ClickHouse has no series of events.', {
    hints: ['Query its table of events with SQL.'],
  })
}

export function eventSeriesRoutes(app: FastifyInstance, context: ApiContext): void {
  const { clock } = context.host
  app.get('/api/v1/events/fields', { schema: fieldsSchema }, async (request, reply) => {
    const { family: name, from = 'now-1h', to = 'now' } = request.query as Record<string, string>
    const sql = eventSampleSql(name!, span({ from, to }, clock.now()))
    const rows = await rowsOf(ownStore(context), sql, abortOnDisconnect(reply))
    return rows === undefined ? reply.hijack() : answerJson(request, reply, fieldsIn(rows.map(({ data }) => data)))
  })

  app.get('/api/v1/events/series', { schema: seriesSchema }, async (request, reply) => {
    const query = request.query as Partial<EventSeriesQuery> &
      Readonly<{ family: Family; field: string; from?: string; to?: string; buckets?: number }>
    const { from = 'now-1h', to = 'now', buckets = 120, limit = 8, function: by = 'avg' } = query
    const range = span({ from, to }, clock.now())
    const step = BigInt(Math.max(1, Math.ceil(Number(range.to - range.from) / 1e6 / buckets)))
    const sql = eventSeriesSql({ ...query, by: query.by, function: by, limit }, range, step * 1_000_000n)
    const unstored = storedTo(context, range)
    const rows = (await rowsOf(ownStore(context), sql, abortOnDisconnect(reply))) as readonly Row[] | undefined
    if (rows === undefined) return reply.hijack()
    const places = Map.groupBy(rows, ({ place }) => place)
    return answerJson(request, reply, {
      span: { from: isoOf(range.from), to: isoOf(range.to) },
      step: Number(step),
      series: [...places].map(([place, points]) => ({
        value: points[0]?.value ?? null,
        others: Number(place) > limit ? Math.max(...points.map(({ groups }) => Number(groups))) : 0,
        points: points.map(({ bucket, number }) => ({ time: bucket * Number(step), number })),
      })),
      ...(await coverageOfEvents(context, query.family, range, unstored)),
    })
  })
}
