import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { eventsHidden } from '../access/decisions.ts'
import { whenAccessEnds } from '../access/gate.ts'
import { refusePositions } from '../access/opaque.ts'
import type { Principal } from '../access/principal.ts'
import { problemIn } from '../request/check.ts'
import { parseJson } from '../request/json.ts'
import { EventStreamChannel, WebSocketChannel } from '../live/channel.ts'
import type { Hub, LastPosition } from '../live/hub.ts'
import { vectorPattern } from '../live/shared-positions.ts'
import { readViews, writeView, type LiveRequest } from '../live/spec.ts'
import type { ApiContext } from '../options.ts'
import { ApiError, toProblem } from '../problems.ts'
import { reporters, reportersText } from '../../topics/row-selection.ts'
import { boolean, closed, list, object, problem, string } from '../openapi/json-schema.ts'

const sid = {
  type: 'string',
  pattern: '^[A-Za-z0-9_-]{4,64}$',
  description: 'Chosen by the client; must be hard to guess.',
} as const

export const liveSchemas = {
  LiveRequest: closed(
    {
      paused: { type: 'boolean', default: false, description: 'Pause rows; counting continues.' },
      resume: {
        type: 'string',
        enum: ['catch-up', 'now'],
        default: 'catch-up',
        description: 'After a pause: send the rows since then, or continue with new ones.',
      },
      views: list(
        closed(
          {
            id: { type: 'string', minLength: 1, maxLength: 64 },
            kind: {
              type: 'string',
              description:
                '`rows`, `series` (sums over time), `graph` (traffic between endpoints) or `stat` (counts only).',
            },
            q: closed(
              {
                stream: { type: 'string', description: '`flows` or `events`.' },
                filter: {
                  type: 'string',
                  maxLength: 65536,
                  description: 'Filter (see `weir help filters`): `src.ns = shop and bytes >= 10k`.',
                },
                both_ways: {
                  type: 'boolean',
                  default: false,
                  description: 'Flows only: also match with source and destination exchanged.',
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
                  description: 'Column = value; all must match. A missing column never matches.',
                },
              },
              { required: ['stream'] },
            ),
            columns: list(string, {
              description:
                'For rows: columns to show; unset: all. For series and graph: numbers to sum; unset: ' +
                'bytes_est and packets_est of flows.',
            }),
            scope: list(string, {
              description:
                'For series: columns to group by; unset: none. For graph: the two columns that an edge ' +
                'connects, or the same number of columns for each end.',
            }),
            maxRate: { type: 'number', minimum: 0.1, description: 'For rows: maximum per second.' },
            step: {
              type: 'integer',
              minimum: 1,
              maximum: 3600,
              description: 'For series: bucket length in seconds (1).',
            },
            points: { type: 'integer', minimum: 1, maximum: 3600, description: 'For series: number of buckets (300).' },
            limit: {
              type: 'integer',
              minimum: 1,
              maximum: 1000,
              description:
                'For series: number of largest groups (10). For graph: number of nodes (300), with five ' +
                'times as many edges.',
            },
            by: {
              type: 'string',
              description: 'For graph: ranking by `rows` or one of `columns` (default: the first).',
            },
            idle: {
              type: 'integer',
              minimum: 1,
              maximum: 1000,
              description: 'For graph: messages without traffic after which an edge is removed (15).',
            },
          },
          { required: ['id', 'kind', 'q'] },
        ),
      ),
    },
    { required: ['views'] },
  ),
} as const

/** `500@Xy3_kQ0a`: sequence and journal; a shared journal adds `+Kb2_0aQx.9z.1f`. */
const eventIdPattern = new RegExp(`^[0-9]{1,15}(@[A-Za-z0-9_-]{8}(${vectorPattern})?)?$`)

const stream = {
  operationId: 'live',
  summary: 'Stream rows, sums and graphs as they are synced',
  description:
    'Server-sent events: `hello`; `rows` {view, cols, rows, matched, shown, snapshot?}, oldest first; ' +
    '`series` {view, step, cols, groups, buckets, snapshot?}, ' +
    'changed buckets only; `graph` {view, cols, upsertNodes, upsertEdges, removed, others, snapshot?}; ' +
    '`stat` every second; ' +
    '`gap` {view, fromSeq, toSeq, reason}; periodic comments. The event id contains journal sequence and ' +
    'journal name; for a limited viewer it is opaque, and sequences are 0. With Last-Event-ID (or ?after=) ' +
    'the stream resumes there or reports a gap. Another server starts over, unless both share the journal. ' +
    'Without a PUT the stream shows the newest flows and events. The same events are available over a WebSocket at ' +
    'this path as ' +
    'text messages {event, id, data}; messages of the client have the form of PUT /api/v1/live/{sid}.',
  querystring: closed({
    sid,
    after: {
      type: 'string',
      pattern: eventIdPattern.source,
      description: 'Same as Last-Event-ID, for clients that cannot set headers.',
    },
  }),
  headers: object({ 'last-event-id': { type: 'string', description: 'Id of the last received event.' } }),
  response: {
    200: { description: 'An endless stream.', content: { 'text/event-stream': { schema: string } } },
    404: problem,
    429: problem,
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

  // Any server behind one address can answer this request.
  app.post(
    '/api/v1/live',
    {
      bodyLimit: limits.bodyBytes,
      schema: {
        operationId: 'openLive',
        summary: 'Open a live stream together with its views',
        description:
          'PUT /api/v1/live/{sid} and GET /api/v1/live in one request, for several servers behind a load balancer.',
        querystring: stream.querystring,
        headers: stream.headers,
        body: liveSchemas.LiveRequest,
        response: { ...stream.response, 400: problem },
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
          'The stream needs a session: ?sid=, chosen by the client and hard to guess.',
        )
      set(session, request.principal, request.body as LiveRequest)
      openStream(request, reply)
    },
  )

  function openStream(request: FastifyRequest, reply: FastifyReply) {
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
      // No response buffering in nginx.
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

  /** Continues after an invalid message. */
  function listen(socket: WebSocket, channel: WebSocketChannel, request: FastifyRequest) {
    socket.on('error', () => socket.terminate())
    socket.on('message', (message: Buffer) => {
      try {
        const session = sidOf(request)
        if (session === undefined)
          throw new ApiError('WEIR_API_INVALID', 'This stream has no session.', {
            hints: ['Open it with ?sid=, chosen by the client and hard to guess.'],
          })
        const body = parseJson(message, limits.jsonDepth)
        const problem = problemIn(body, liveSchemas.LiveRequest)
        if (problem !== undefined)
          throw new ApiError('WEIR_API_INVALID', problem, {
            hints: ['The schema LiveRequest in GET /api/v1/openapi.json describes it.'],
          })
        set(session, request.principal, body as LiveRequest)
      } catch (error) {
        channel.send('error', JSON.stringify(toProblem(error).problem), undefined)
      }
    })
  }

  function set(session: string, principal: Principal, request: LiveRequest): LiveRequest & { readonly open: boolean } {
    const paused = request.paused ?? false
    const specs = readViews(request, limits.viewsPerStream)
    const hidden = specs.find(({ stream }) => stream === 'events' && principal.namespaces !== undefined)
    if (hidden !== undefined) throw eventsHidden(`View "${hidden.id}"`, principal)
    for (const { kind, columns, ...rest } of request.views)
      refusePositions(JSON.stringify(kind === 'rows' ? rest : { ...rest, columns }), principal)
    const open = hub.put(session, principal.id, specs, paused, request.resume ?? 'catch-up')
    return { open, paused, views: specs.map(writeView) }
  }

  app.put(
    '/api/v1/live/:sid',
    {
      bodyLimit: limits.bodyBytes,
      schema: {
        operationId: 'setLive',
        summary: 'Set the views of a live stream',
        description:
          'Applies to the stream with this ?sid=, open or not yet open. The body is the complete state and ' +
          'may be sent to any server again. `open` shows whether the stream is open at the responding server.',
        params: object({ sid }, { required: ['sid'] }),
        body: liveSchemas.LiveRequest,
        response: {
          200: object(
            { open: boolean, ...liveSchemas.LiveRequest.properties },
            { required: ['open', 'paused', 'views'] },
          ),
          400: problem,
          404: problem,
          429: problem,
        },
      },
    },
    async (request, reply) =>
      reply.send(set((request.params as { sid: string }).sid, request.principal, request.body as LiveRequest)),
  )
}

function sidOf(request: FastifyRequest) {
  return (request.query as { sid?: string }).sid
}

function lastSeen(request: FastifyRequest, hub: Hub): LastPosition | undefined {
  const last = request.headers['last-event-id'] ?? (request.query as { after?: string }).after
  if (last === undefined) return undefined
  if (typeof last !== 'string' || !eventIdPattern.test(last)) {
    throw new ApiError('WEIR_API_INVALID', `Last-Event-ID "${String(last)}" is not the id of an event.`, {
      hints: ['Omit it to start with the newest rows.'],
    })
  }
  return hub.positionOf(last)
}
