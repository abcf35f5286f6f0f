/**
 * The Model Context Protocol over streamable HTTP, without sessions. A tool is an operation of the API, requested with
 * the credentials of the caller: it has the same roles, namespaces and limits.
 */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { McpHttpHandler, Server } from '@modelcontextprotocol/server'
import { parseExact, stringifyExact } from '../../model/exact-json.ts'
import { fieldsOf } from '../../model/json.ts'
import type { DescribedRoute } from '../openapi/document.ts'
import { integer, object, string } from '../openapi/json-schema.ts'
import type { ApiContext } from '../options.ts'
import { abortOnDisconnect } from '../store-query.ts'
import { coverageOf, permalink, toolsOf, type Tool } from './tools.ts'

/** More is of no use to a model, and a page has a limit. */
const maxResultBytes = 1 << 20

const instructions =
  'Weir stores network flows, changes of Kubernetes objects, audit events, resources, image insights and costs, ' +
  'joined on one identity. Begin with `home` or `why`. `fields` lists the fields of filters. Times are `now-15m`, ' +
  'ISO 8601 or Unix ms. `coverage` states the rows that a result covers and lacks; `permalink` shows them in the ' +
  'console.'

const message = object({
  jsonrpc: string,
  id: { type: ['string', 'integer', 'null'] },
  method: string,
  params: { type: 'object' },
  result: { type: 'object' },
  error: object({ code: integer, message: string }),
})
export const mcpSchemas = { McpMessage: message } as const

const schema = {
  operationId: 'mcp',
  summary: 'Model Context Protocol',
  description:
    'Streamable HTTP without sessions: one JSON-RPC message of a client. Its tools are operations of this API, with ' +
    'the same credentials, roles, namespaces and limits.',
  body: message,
  response: {
    200: {
      description: 'The response, or events with it.',
      content: { 'application/json': { schema: { $ref: 'McpMessage#' } }, 'text/event-stream': { schema: string } },
    },
    202: { description: 'A notification was accepted.' },
    404: { description: 'There is no such method.' },
    406: { description: 'The client accepts no JSON and no events.' },
  },
} as const

export function mcpRoutes(app: FastifyInstance, context: ApiContext, routes: () => readonly DescribedRoute[]): void {
  const callers = new WeakMap<Request, Caller>()
  let handler: Promise<McpHttpHandler> | undefined
  const load = async () => {
    const { createMcpHandler, Server: McpServer } = await import('@modelcontextprotocol/server')
    const tools = toolsOf(routes())
    return createMcpHandler(({ requestInfo }) => {
      const caller = requestInfo === undefined ? undefined : callers.get(requestInfo)
      const server = new McpServer(
        { name: 'weir', version: context.version },
        { capabilities: { tools: {} }, instructions },
      )
      serveTools(server, tools, async (tool, given) => {
        if (caller === undefined) throw new Error('The request of the call is not known.')
        return call(app, caller, tool, given)
      })
      return server
    })
  }
  app.post('/mcp', { schema }, async (request, reply: FastifyReply) => {
    handler ??= load()
    const web = webRequestOf(request)
    callers.set(web, { request, disconnected: abortOnDisconnect(reply) })
    const response = await (await handler).fetch(web, { parsedBody: request.body })
    for (const [name, value] of response.headers) reply.header(name, value)
    reply.code(response.status)
    return reply.send(response.body === null ? '' : Readable.fromWeb(response.body as never))
  })
  app.addHook('onClose', async () => (await handler)?.close())
}

function webRequestOf(request: FastifyRequest): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers))
    if (typeof value === 'string' && name !== 'content-length' && name !== 'transfer-encoding') headers.set(name, value)
  return new Request(`${request.protocol}://${request.host}${request.url}`, {
    method: 'POST',
    headers,
  })
}

type Caller = Readonly<{ request: FastifyRequest; disconnected: AbortSignal }>
type Called = Readonly<{ text: string; isError: boolean }>

function serveTools(
  server: Server,
  tools: readonly Tool[],
  run: (tool: Tool, given: Readonly<Record<string, unknown>>) => Promise<Called>,
) {
  server.setRequestHandler('tools/list', () => ({
    tools: tools.map(({ name, summary, description, inputSchema }) => ({
      name,
      title: summary,
      description,
      inputSchema: inputSchema as never,
      annotations: { readOnlyHint: true, openWorldHint: false },
    })),
  }))
  server.setRequestHandler('tools/call', async ({ params: { name, arguments: given = {} } }) => {
    const tool = tools.find((candidate) => candidate.name === name)
    const { text, isError } =
      tool === undefined
        ? { text: `There is no tool ${name}. Tools: ${tools.map((each) => each.name).join(', ')}.`, isError: true }
        : await run(tool, given as Readonly<Record<string, unknown>>)
    return { content: [{ type: 'text' as const, text }], isError }
  })
}

/** The origin of the caller was checked with its own request. */
const forwarded = ['authorization', 'cookie', 'host', 'user-agent'] as const

async function call(
  app: FastifyInstance,
  { request, disconnected }: Caller,
  { name, method, url }: Tool,
  given: Readonly<Record<string, unknown>>,
): Promise<Called> {
  const headers = Object.fromEntries(
    forwarded.flatMap((header) => {
      const value = request.headers[header]
      return typeof value === 'string' ? [[header, value] as const] : []
    }),
  )
  const query = new URLSearchParams(
    Object.entries(given).map(
      ([parameter, value]) =>
        [parameter, typeof value === 'string' ? value : (stringifyExact(value) ?? '')] as [string, string],
    ),
  ).toString()
  const path = method === 'GET' && query !== '' ? `${url}?${query}` : url
  const { remoteAddress = '' } = request.raw.socket
  const tooLarge = new AbortController()
  const response = await app.inject({
    method,
    url: path,
    headers: { ...headers, ...(method === 'POST' ? { 'content-type': 'application/json' } : {}) },
    remoteAddress,
    signal: AbortSignal.any([disconnected, tooLarge.signal]),
    payloadAsStream: true,
    ...(method === 'POST' ? { payload: JSON.stringify(given) } : {}),
  })
  const { statusCode } = response
  const body = await bodyOf(response.stream())
  if (body === undefined) tooLarge.abort()
  if (statusCode !== 200) return { text: problemText(body ?? '', statusCode), isError: true }
  if (body === undefined)
    return {
      text: `The result has more than ${maxResultBytes >> 20} MiB. Write a smaller \`limit\` or a filter.`,
      isError: true,
    }
  const result = parseExact(body)
  const link = `${request.protocol}://${request.host}${permalink(name, given, result)}`
  // Numbers beyond 2^53 keep their digits.
  const parts = { query: `${method} ${path}`, permalink: link, coverage: coverageOf(result) }
  return { text: `${JSON.stringify(parts).slice(0, -1)},"result":${body.trim()}}`, isError: false }
}

/** Undefined if it is too large; the rest is not read. */
async function bodyOf(stream: Readable): Promise<string | undefined> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of stream as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > maxResultBytes) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

function problemText(body: string, status: number): string {
  try {
    const { title, detail, hints } = fieldsOf(JSON.parse(body))
    const texts = [detail ?? title, ...(Array.isArray(hints) ? hints : [])]
    return texts.filter((text) => typeof text === 'string').join(' ') || `Status ${status}.`
  } catch {
    return `Status ${status}.`
  }
}
