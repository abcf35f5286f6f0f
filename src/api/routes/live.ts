import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { eventsHidden } from '../access/decisions.ts'
import { whenAccessEnds } from '../access/gate.ts'
import type { Principal } from '../access/principal.ts'
import { problemIn } from '../check.ts'
import { parseJson } from '../json.ts'
import { EventStreamChannel, WebSocketChannel } from '../live/channel.ts'
import type { Hub, LastPlace } from '../live/hub.ts'
import { vectorPattern } from '../live/shared-places.ts'
import { readViews, writeView } from '../live/spec.ts'
import type { LiveRequest } from '../live/spec.ts'
import type { ApiContext } from '../options.ts'
import { ApiError, toProblem } from '../problems.ts'
import { reporters, reportersText } from '../rows-asked.ts'

const sid = {
  type: 'string',
  pattern: '^[A-Za-z0-9_-]{4,64}$',
  description: 'Chosen by the client, hard to guess.',
} as const

export const liveSchemas = {
  LiveRequest: {
    type: 'object',
    required: ['views'],
    additionalProperties: false,
    properties: {
      paused: { type: 'boolean', default: false, description: 'No rows are sent, counting goes on.' },
      resume: {
        type: 'string',
        enum: ['catch-up', 'now'],
        default: 'catch-up',
        description: 'After a pause: send what passed meanwhile, or go on from now.',
      },
      views: {
        type: 'array',
        items: {
          type: 'object',
          required: ['id', 'kind', 'q'],
          additionalProperties: false,
          properties: {
            id: { type: 'string', minLength: 1, maxLength: 64 },
            kind: {
              type: 'string',
              description: '`rows`, `series` (sums by time), `graph` (who with whom) or `stat` (counted only).',
            },
            q: {
              type: 'object',
              required: ['stream'],
              additionalProperties: false,
              properties: {
                stream: { type: 'string', description: '`flows` or `events`.' },
                filter: {
                  type: 'string',
                  maxLength: 65536,
                  description: 'Rows that match, as docs/explain/query.md has it: `src.ns = shop and bytes >= 10k`.',
                },
                both_ways: {
                  type: 'boolean',
                  default: false,
                  description: 'Of flows: also rows that match with source and destination exchanged.',
                },
                reporters: {
                  type: 'string',
                  enum: reporters,
                  default: 'all',
                  description: `Of flows. ${reportersText}`,
                },
                where: {
                  type: 'object',
                  additionalProperties: { type: ['string', 'number', 'boolean'] },
                  description: 'Column = value, all of them. An absent column equals nothing.',
                },
              },
            },
            columns: {
              type: 'array',
              items: { type: 'string' },
              description:
                'Of rows: those to show, all when left out. Of series and graph: numbers to add up, for flows bytes_est and packets_est when left out.',
            },
            scope: {
              type: 'array',
              items: { type: 'string' },
              description:
                'Of series: columns that make the groups, none when left out. Of graph: the two columns that an edge joins, or as many for its begin as for its end.',
            },
            maxRate: { type: 'number', minimum: 0.1, description: 'Of rows: how many per second at most.' },
            step: { type: 'integer', minimum: 1, maximum: 3600, description: 'Of series: seconds in a bucket (1).' },
            points: { type: 'integer', minimum: 1, maximum: 3600, description: 'Of series: buckets kept (300).' },
            limit: {
              type: 'integer',
              minimum: 1,
              maximum: 1000,
              description:
                'Of series: groups shown, the largest ones (10). Of graph: nodes shown (300), with five times as many edges.',
            },
            by: {
              type: 'string',
              description: 'Of graph: what the largest are the largest by: `rows`, or one of `columns` (the first).',
            },
            idle: {
              type: 'integer',
              minimum: 1,
              maximum: 1000,
              description: 'Of graph: messages after which an edge leaves that nothing passes (15).',
            },
          },
        },
      },
    },
  },
} as const

/** `500@Xy3_kQ0a`, and of a shared journal `+Kb2_0aQx.9z.1f`; without a name it is of whatever journal is asked. */
const place = new RegExp(`^[0-9]{1,15}(@[A-Za-z0-9_-]{8}(${vectorPattern})?)?$`)

const stream = {
  operationId: 'live',
  summary: 'Watch rows, sums and relations as they are synced',
  description:
    'Server-sent events: `hello`; `rows` {view, cols, rows, matched, shown, snapshot?}, oldest first; `series` {view, step, cols, groups, buckets, snapshot?}, ' +
    'changed buckets only; `graph` {view, cols, upsertNodes, upsertEdges, removed, others, snapshot?}; `stat` every second; ' +
    '`gap` {view, fromSeq, toSeq, reason}; a comment now and then. The event id is a journal sequence and the name of the journal: with Last-Event-ID (or ?after=) the stream goes on from ' +
    'there, or says what is missing; at another server it starts over, unless both share the journal: then it goes on there, too. Without a PUT it shows newest flows and newest events. The same events come over a WebSocket at this address as ' +
    'text messages {event, id, data}; there a message of the client is what PUT /api/v1/live/{sid} takes.',
  querystring: {
    type: 'object',
    additionalProperties: false,
    properties: {
      sid,
      after: {
        type: 'string',
        pattern: place.source,
        description: 'As Last-Event-ID, for clients that can set no header.',
      },
    },
  },
  headers: {
    type: 'object',
    properties: { 'last-event-id': { type: 'string', description: 'Id of the last event seen.' } },
  },
  response: {
    200: { description: 'An endless stream.', content: { 'text/event-stream': { schema: { type: 'string' } } } },
    429: { $ref: 'Problem#' },
  },
} as const

export function liveRoutes(app: FastifyInstance, { limits, host }: ApiContext, hub: Hub): void {
  app.route({
    method: 'GET',
    url: '/api/v1/live',
    schema: stream,
    preHandler: async (request) => {
      lastSeen(request, hub)
      hub.admit(request.user, sidOf(request))
    },
    handler: (request, reply) => openStream(request, reply),
    wsHandler: (socket, request) => {
      const channel = new WebSocketChannel(socket)
      listen(socket, channel, request)
      socket.on(
        'close',
        whenAccessEnds(request.admission, host, () => channel.end()),
      )
      hub.open(channel, request.principal, sidOf(request), lastSeen(request, hub))
    },
  })

  // What is shown comes with the question, so that any server can answer it: none has to know of a PUT to another.
  app.post(
    '/api/v1/live',
    {
      bodyLimit: limits.bodyBytes,
      schema: {
        operationId: 'openLive',
        summary: 'Watch, and say with the question what is shown',
        description:
          'PUT /api/v1/live/{sid} and GET /api/v1/live in one, for servers behind one address that take turns.',
        querystring: stream.querystring,
        headers: stream.headers,
        body: liveSchemas.LiveRequest,
        response: { ...stream.response, 400: { $ref: 'Problem#' } },
      },
      preHandler: async (request) => {
        lastSeen(request, hub)
        hub.admit(request.user, sidOf(request))
      },
    },
    (request, reply) => {
      const session = sidOf(request)
      if (session === undefined)
        throw new ApiError(
          'WEIR_API_INVALID',
          'The stream needs a session: ?sid=, of your own choosing and hard to guess.',
        )
      set(session, request.principal, request.body as LiveRequest)
      openStream(request, reply)
    },
  )

  function openStream(request: FastifyRequest, reply: FastifyReply): void {
    const headers = reply.getHeaders()
    reply.hijack()
    const answer = reply.raw
    answer.writeHead(200, {
      ...(Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as Record<
        string,
        string
      >),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      // Proxies that would otherwise collect the answer before passing it on.
      'x-accel-buffering': 'no',
    })
    request.socket.setNoDelay(true)
    const channel = new EventStreamChannel(answer)
    answer.on(
      'close',
      whenAccessEnds(request.admission, host, () => channel.end()),
    )
    hub.open(channel, request.principal, sidOf(request), lastSeen(request, hub))
  }

  /** A client that cannot say what it wants hears why; its stream goes on as it was. */
  function listen(socket: WebSocket, channel: WebSocketChannel, request: FastifyRequest): void {
    socket.on('error', () => socket.terminate())
    socket.on('message', (message: Buffer) => {
      try {
        const session = sidOf(request)
        if (session === undefined)
          throw new ApiError('WEIR_API_INVALID', 'This stream has no session to set.', {
            hints: ['Open it with ?sid=, of your own choosing and hard to guess.'],
          })
        const wanted = parseJson(message, limits.jsonDepth)
        const problem = problemIn(wanted, liveSchemas.LiveRequest)
        if (problem !== undefined)
          throw new ApiError('WEIR_API_INVALID', problem, {
            hints: ['GET /api/v1/openapi.json describes it: LiveRequest.'],
          })
        set(session, request.principal, wanted as LiveRequest)
      } catch (error) {
        channel.send('error', JSON.stringify(toProblem(error).problem), undefined)
      }
    })
  }

  function set(session: string, principal: Principal, wanted: LiveRequest): LiveRequest & { readonly open: boolean } {
    const paused = wanted.paused ?? false
    const specs = readViews(wanted, limits.viewsPerStream)
    const hidden = specs.find(({ stream }) => stream === 'events' && principal.namespaces !== undefined)
    if (hidden !== undefined) throw eventsHidden(`View "${hidden.id}"`, principal)
    const open = hub.put(session, principal.id, specs, paused, wanted.resume ?? 'catch-up')
    return { open, paused, views: specs.map(writeView) }
  }

  app.put(
    '/api/v1/live/:sid',
    {
      bodyLimit: limits.bodyBytes,
      schema: {
        operationId: 'setLive',
        summary: 'Say what a live stream shows',
        description:
          'Of the stream that was or will be opened with ?sid=. The body is the whole state: it can be sent again to any server. `open` says whether the stream is open at the one that answered.',
        params: { type: 'object', required: ['sid'], properties: { sid } },
        body: liveSchemas.LiveRequest,
        response: {
          200: {
            type: 'object',
            required: ['open', 'paused', 'views'],
            properties: { open: { type: 'boolean' }, ...liveSchemas.LiveRequest.properties },
          },
          400: { $ref: 'Problem#' },
          429: { $ref: 'Problem#' },
        },
      },
    },
    async (request, reply) =>
      reply.send(set((request.params as { sid: string }).sid, request.principal, request.body as LiveRequest)),
  )
}

function sidOf(request: FastifyRequest): string | undefined {
  return (request.query as { sid?: string }).sid
}

function lastSeen(request: FastifyRequest, hub: Hub): LastPlace | undefined {
  const last = request.headers['last-event-id'] ?? (request.query as { after?: string }).after
  if (last === undefined) return undefined
  if (typeof last !== 'string' || !place.test(last)) {
    throw new ApiError('WEIR_API_INVALID', `Last-Event-ID "${String(last)}" is no id of an event.`, {
      hints: ['Leave it out to begin with the newest rows.'],
    })
  }
  return hub.placeOf(last)
}
