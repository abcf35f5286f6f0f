import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Object as ObjectOf } from 'typebox'
import type { WebSocket } from 'ws'
import { eventsHidden } from '../access/decisions.ts'
import { whenAccessEnds } from '../access/gate.ts'
import { refusePositions } from '../access/opaque.ts'
import type { Principal } from '../access/principal.ts'
import { parseJson } from '../request/json.ts'
import { assertRequest, typed } from '../request/typed.ts'
import { EventStreamChannel, WebSocketChannel } from '../live/channel.ts'
import type { Hub, LastPosition } from '../live/hub.ts'
import { eventIdPattern, LiveRequest, LiveState, sid, StreamParameters } from '../live/schema.ts'
import { readViews, writeView } from '../live/spec.ts'
import type { ApiContext } from '../options.ts'
import { ApiError, toProblem } from '../problems.ts'
import { object, problem, string } from '../openapi/json-schema.ts'

export const liveSchemas = { LiveRequest } as const

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
  querystring: StreamParameters,
  headers: object({ 'last-event-id': { type: 'string', description: 'Id of the last received event.' } }),
  response: {
    200: { description: 'An endless stream.', content: { 'text/event-stream': { schema: string } } },
    404: problem,
    429: problem,
  },
} as const

type StreamRequest = FastifyRequest & Readonly<{ query: StreamParameters }>

export function liveRoutes(app: FastifyInstance, { limits, host }: ApiContext, hub: Hub): void {
  const live: Live = { limits, host, hub }
  streamRoutes(app, live)
  typed(app).put(
    '/api/v1/live/:sid',
    {
      bodyLimit: limits.bodyBytes,
      schema: {
        operationId: 'setLive',
        summary: 'Set the views of a live stream',
        description:
          'Applies to the stream with this ?sid=, open or not yet open. The body is the complete state and ' +
          'may be sent to any server again. `open` shows whether the stream is open at the responding server.',
        params: ObjectOf({ sid }),
        body: LiveRequest,
        response: {
          200: LiveState,
          400: problem,
          404: problem,
          429: problem,
        },
      },
    },
    async (request, reply) => reply.send(setViews(live, request.params.sid, request.principal, request.body)),
  )
}

type Live = Pick<ApiContext, 'limits' | 'host'> & Readonly<{ hub: Hub }>

function streamRoutes(app: FastifyInstance, live: Live): void {
  const { limits, host, hub } = live
  typed(app).route({
    method: 'GET',
    url: '/api/v1/live',
    schema: stream,
    preHandler: async (request) => {
      lastSeen(request, hub)
      hub.admit(request.user, request.query.sid)
    },
    handler: (request, reply) => openStream(live, request, reply),
    wsHandler: (socket, request) => {
      const channel = new WebSocketChannel(socket)
      listen(live, socket, channel, request)
      socket.on(
        'close',
        whenAccessEnds(request.admission, host, () => channel.end()),
      )
      hub.open(channel, request.principal, request.query.sid, lastSeen(request, hub))
    },
  })

  // Any server behind one address can answer this request.
  typed(app).post(
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
        body: LiveRequest,
        response: { ...stream.response, 400: problem },
      },
      preHandler: async (request) => {
        lastSeen(request, hub)
        hub.admit(request.user, request.query.sid)
      },
    },
    (request, reply) => {
      const session = request.query.sid
      if (session === undefined)
        throw new ApiError(
          'WEIR_API_INVALID',
          'The stream needs a session: ?sid=, chosen by the client and hard to guess.',
        )
      setViews(live, session, request.principal, request.body)
      openStream(live, request, reply)
    },
  )
}

function openStream({ host, hub }: Live, request: StreamRequest, reply: FastifyReply) {
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
  hub.open(channel, request.principal, request.query.sid, lastSeen(request, hub))
}

/** Continues after an invalid message. */
function listen(live: Live, socket: WebSocket, channel: WebSocketChannel, request: StreamRequest) {
  socket.on('error', () => socket.terminate())
  socket.on('message', (message: Buffer) => {
    try {
      const session = request.query.sid
      if (session === undefined)
        throw new ApiError('WEIR_API_INVALID', 'This stream has no session.', {
          hints: ['Open it with ?sid=, chosen by the client and hard to guess.'],
        })
      const body = parseJson(message, live.limits.jsonDepth)
      assertRequest(body, LiveRequest, 'The schema LiveRequest in GET /api/v1/openapi.json describes it.')
      setViews(live, session, request.principal, body)
    } catch (error) {
      channel.send('error', JSON.stringify(toProblem(error).problem), undefined)
    }
  })
}

function setViews({ limits, hub }: Live, session: string, principal: Principal, request: LiveRequest): LiveState {
  const paused = request.paused ?? false
  const specs = readViews(request, limits.viewsPerStream)
  const hidden = specs.find(({ stream }) => stream === 'events' && principal.namespaces !== undefined)
  if (hidden !== undefined) throw eventsHidden(`View "${hidden.id}"`, principal)
  for (const { kind, columns, ...rest } of request.views)
    refusePositions(JSON.stringify(kind === 'rows' ? rest : { ...rest, columns }), principal)
  const open = hub.put(session, principal.id, { views: specs, paused, resume: request.resume ?? 'catch-up' })
  return { open, paused, views: specs.map(writeView) }
}

function lastSeen({ headers, query }: StreamRequest, hub: Hub): LastPosition | undefined {
  const last = headers['last-event-id'] ?? query.after
  if (last === undefined) return undefined
  if (typeof last !== 'string' || !eventIdPattern.test(last)) {
    throw new ApiError('WEIR_API_INVALID', `Last-Event-ID "${String(last)}" is not the id of an event.`, {
      hints: ['Omit it to start with the newest rows.'],
    })
  }
  return hub.positionOf(last)
}
