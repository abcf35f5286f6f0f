import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Log } from '../engine/contracts.ts'
import type { MemoryLease } from '../host/index.ts'
import { discardRest } from '../host/discard.ts'
import { readBody } from './request/body.ts'
import type { Admission } from './access/gate.ts'
import type { Principal } from './access/principal.ts'
import { assertCheckable, problemIn, type Schema } from './request/check.ts'
import { releaseBuffer } from '../model/release-buffer.ts'
import { parseJson } from './request/json.ts'
import type { ApiContext } from './options.ts'
import { ApiError, toProblem, type ProblemAnswer } from './problems.ts'
import { assignQueryIds, queryIdHeader } from './progress/query-id.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The handler reads the body itself. */
    body?: 'raw'
    open?: boolean
  }
  interface FastifyRequest {
    principal: Principal
    admission: Admission
    user: string
    /** Seals ids and cursors in responses to a limited viewer. */
    seal: ((text: string) => string) | undefined
    /** Memory of the body and what is decoded from it. Released with the response. */
    memory: MemoryLease
  }
}

export function createServer(context: ApiContext): FastifyInstance {
  const { limits, tls } = context
  const app = Fastify({
    ...(tls === undefined ? {} : { https: { ...tls, minVersion: 'TLSv1.2' } as unknown as null }),
    logger: false,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: 72_000,
    http: {
      maxHeaderSize: limits.headerBytes,
      connectionsCheckingInterval: Math.min(5_000, limits.requestMs),
      headersTimeout: Math.min(20_000, limits.requestMs),
    },
    // No parameter is matched by an expression, so the limit of the headers suffices.
    routerOptions: { maxParamLength: limits.headerBytes },
    schemaController: { compilersFactory },
    clientErrorHandler,
    frameworkErrors: (error, _request, reply) => void answerProblem(reply, toProblem(error)),
  })
  assignQueryIds(app, context.nextQueryId)
  app.setReplySerializer(jsonLine)
  app.decorateRequest('user', '')
  app.decorateRequest('seal', undefined)
  app.decorateRequest('principal', null as unknown as Principal)
  app.decorateRequest('admission', null as unknown as Admission)
  app.decorateRequest('memory', null as unknown as MemoryLease)
  app.addHook('onRequest', async (request, reply) => {
    const memory = (request.memory = context.host.memory.reserve(0))
    reply.raw.once('close', () => memory.release())
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (request: FastifyRequest, payload: IncomingMessage) =>
    parseBody(request, payload, context),
  )
  app.addHook('onSend', async (request, reply) => {
    if (context.draining?.() === true) reply.header('connection', 'close')
    await discardRest(request.raw, context.host.timers, limits.bodyBytes * 4)
  })
  app.setErrorHandler((error, request, reply) => {
    const answer = toProblem(error)
    if (answer.unexpected)
      logUnexpected(context.log, {
        method: request.method,
        path: request.routeOptions.url ?? request.url.split('?')[0],
        query: reply.getHeader(queryIdHeader),
        error,
      })
    return answerProblem(reply, answer)
  })
  return app
}

export function logUnexpected(
  log: Log,
  fields: Readonly<{ method: string; path: string | undefined; query: unknown; error: unknown }>,
): void {
  log.error('A request failed with an unexpected error.', fields)
}

/** A shell prints its prompt after a response of `curl`. */
export function jsonLine(data: unknown): string {
  return `${JSON.stringify(data)}\n`
}

/** Loading the framework's defaults would double the start time. */
const compilersFactory = {
  buildValidator: () => validatorOf,
  buildSerializer: () => () => jsonLine,
} as unknown as NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>

function validatorOf({
  schema,
  httpPart,
}: {
  schema: unknown
  httpPart?: string
}): (data: unknown) => { value: unknown } | { error: Error } {
  const expected = schema as Schema
  assertCheckable(expected)
  return (data) => {
    if (httpPart === 'body' && expected.required === undefined && (data === undefined || data === null))
      return { value: data }
    const value = httpPart === 'querystring' ? withNumbers(data as Record<string, unknown>, expected) : data
    const problem = problemIn(value, expected)
    return problem === undefined
      ? { value }
      : {
          error: new ApiError('WEIR_API_INVALID', problem, {
            hints: ['GET /api/v1/openapi.json describes every request.'],
          }),
        }
  }
}

function answerProblem(reply: FastifyReply, { problem, headers }: ProblemAnswer): FastifyReply {
  // A failed response may have announced compression.
  reply.removeHeader('content-encoding')
  const id = reply.getHeader(queryIdHeader)
  return reply
    .code(problem.status)
    .headers(headers)
    .type('application/problem+json')
    .send(jsonLine(id === undefined ? problem : { ...problem, query_id: id }))
}

async function parseBody(request: FastifyRequest, payload: IncomingMessage, { limits }: ApiContext): Promise<unknown> {
  const { config } = request.routeOptions
  const type = request.headers['content-type']
  const isJson = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type ?? '')
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > limits.bodyBytes)
    throw new ApiError('WEIR_API_TOO_LARGE', `The body has ${declared} bytes; the limit is ${limits.bodyBytes}.`, {
      hints: ['Send it in smaller parts.'],
    })
  if (config.body !== 'raw' && !isJson && (declared > 0 || request.headers['transfer-encoding'] !== undefined)) {
    throw new ApiError(
      'WEIR_API_MEDIA_TYPE',
      `Content-Type ${type === undefined ? 'is missing' : `"${type}" is not supported`} here.`,
      { hints: ['Send application/json.'] },
    )
  }
  const { memory } = request
  const body = await readBody(payload, request.headers['content-encoding'], {
    limit: limits.bodyBytes,
    memory,
    ...(declared > 0 ? { announced: declared } : {}),
  })
  if (config.body === 'raw') return body
  try {
    return body.length === 0 ? undefined : parseJson(body, limits.jsonDepth, memory)
  } finally {
    releaseBuffer(body, body.buffer.byteLength)
  }
}

function withNumbers(query: Record<string, unknown>, schema: Schema): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => {
      const type = schema.properties?.[name]?.type
      return [
        name,
        type === 'integer' && typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value,
      ]
    }),
  )
}

/** Invalid HTTP never reaches a route. */
function clientErrorHandler(this: FastifyInstance, error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const [code, detail] = ((): ['WEIR_API_HEADERS_TOO_LARGE' | 'WEIR_API_TIMEOUT' | 'WEIR_API_INVALID', string] => {
    if (error.code === 'HPE_HEADER_OVERFLOW')
      return ['WEIR_API_HEADERS_TOO_LARGE', 'The headers and the path together exceed the limit of this server.']
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return ['WEIR_API_TIMEOUT', 'The request did not arrive in time.']
    return ['WEIR_API_INVALID', 'This is not a valid HTTP/1.1 request.']
  })()
  const hints = code === 'WEIR_API_HEADERS_TOO_LARGE' ? ['Shorten the filter or the cookies.'] : []
  const { problem } = toProblem(new ApiError(code, detail, { hints }))
  const body = jsonLine(problem)
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\ncontent-type: ` +
      `application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: ` +
      `close\r\n\r\n${body}`,
  )
}
