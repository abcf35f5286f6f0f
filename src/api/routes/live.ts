import type { FastifyInstance } from 'fastify'
import type { Hub } from '../live/hub.ts'
import { readViews } from '../live/spec.ts'
import type { LiveRequest } from '../live/spec.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'

const sid = { type: 'string', pattern: '^[A-Za-z0-9_-]{4,64}$', description: 'Chosen by the client, hard to guess.' } as const

export const liveSchemas = {
  LiveRequest: {
    type: 'object', required: ['views'], additionalProperties: false,
    properties: {
      paused: { type: 'boolean', default: false, description: 'No rows are sent, counting goes on.' },
      resume: { type: 'string', enum: ['catch-up', 'now'], default: 'catch-up', description: 'After a pause: send what passed meanwhile, or go on from now.' },
      views: {
        type: 'array', items: {
          type: 'object', required: ['id', 'kind', 'q'], additionalProperties: false,
          properties: {
            id: { type: 'string', minLength: 1, maxLength: 64 },
            kind: { type: 'string', description: '`rows`; other kinds come later.' },
            q: {
              type: 'object', required: ['stream'], additionalProperties: false,
              properties: {
                stream: { type: 'string', description: '`flows` or `events`.' },
                where: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] }, description: 'Column = value, all of them. An absent column equals nothing.' },
              },
            },
            columns: { type: 'array', minItems: 1, items: { type: 'string' }, description: 'All of the view when left out.' },
            maxRate: { type: 'number', minimum: 0.1, description: 'Rows per second at most.' },
          },
        },
      },
    },
  },
} as const

const stream = {
  operationId: 'live',
  summary: 'Watch rows as they are synced',
  description: 'Server-sent events: `hello`; `rows` {view, cols, rows, matched, shown, snapshot?}, oldest first; `stat` every second; '
    + '`gap` {view, fromSeq, toSeq, reason}; a comment now and then. The event id is a journal sequence: with Last-Event-ID the stream goes on from '
    + 'there, or says what is missing. Without a PUT it shows newest flows and newest events.',
  querystring: { type: 'object', additionalProperties: false, properties: { sid } },
  headers: { type: 'object', properties: { 'last-event-id': { type: 'string', description: 'Journal sequence of the last event seen.' } } },
  response: { 200: { description: 'An endless stream.', content: { 'text/event-stream': { schema: { type: 'string' } } } }, 429: { $ref: 'Problem#' } },
} as const

export function liveRoutes(app: FastifyInstance, { limits }: ApiContext, hub: Hub): void {
  app.get('/api/v1/live', { schema: stream }, (request, reply) => {
    const { sid: session } = request.query as { sid?: string }
    const last = request.headers['last-event-id']
    if (last !== undefined && (typeof last !== 'string' || !/^\d{1,15}$/.test(last))) {
      throw new ApiError('WEIR_API_INVALID', `Last-Event-ID "${String(last)}" is no journal sequence.`, { hints: ['Leave it out to begin with the newest rows.'] })
    }
    hub.admit(request.user, session)
    const headers = reply.getHeaders()
    reply.hijack()
    const answer = reply.raw
    answer.writeHead(200, {
      ...Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as Record<string, string>,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      // Proxies that would otherwise collect the answer before passing it on.
      'x-accel-buffering': 'no',
    })
    request.socket.setNoDelay(true)
    hub.open(answer, request.user, session, last === undefined ? undefined : Number(last))
  })

  app.put('/api/v1/live/:sid', {
    bodyLimit: limits.bodyBytes,
    schema: {
      operationId: 'setLive', summary: 'Say what a live stream shows',
      description: 'Of the stream that was or will be opened with ?sid=. The body is the whole state: it can be sent again to any server.',
      params: { type: 'object', required: ['sid'], properties: { sid } },
      body: liveSchemas.LiveRequest,
      response: { 200: { $ref: 'LiveRequest#' }, 400: { $ref: 'Problem#' }, 429: { $ref: 'Problem#' } },
    },
  }, async (request, reply) => {
    const { sid: session } = request.params as { sid: string }
    const wanted = request.body as LiveRequest
    const paused = wanted.paused ?? false
    const specs = readViews(wanted, limits.viewsPerStream)
    hub.put(session, request.user, specs, paused, wanted.resume ?? 'catch-up')
    return reply.send({
      paused,
      views: specs.map(({ id, stream: of, where, columns, maxRate }) => ({ id, kind: 'rows', q: { stream: of, where }, columns, ...(maxRate === undefined ? {} : { maxRate }) })),
    })
  })
}
