/**
 * Posts of events without the framework, which would take most of the time of a single event. Whatever a check of the
 * general route might refuse before the body is left to that route.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { MemoryLease } from '../../host/index.ts'
import { isProtobuf, isProtobufBatch } from '../../codecs/cloudevents/index.ts'
import type { Gate } from '../access/gate.ts'
import type { ApiContext } from '../options.ts'
import { toProblem } from '../problems.ts'
import { queryIdHeader } from '../progress/query-id.ts'
import { columnsPerByte, takeEvents } from '../routes/cloudevents.ts'
import { jsonLine, logUnexpected } from '../server.ts'

type ShortOptions = Readonly<{
  context: ApiContext
  gate: Gate
  isPath: (url: string) => boolean
  /** Headers of each response. */
  headers: readonly string[]
  answer: 'counts' | 'nothing'
  answered: (status: number) => void
}>

const maxBody = 64 * 1024
const json = 'application/json; charset=utf-8'
const problemJson = 'application/problem+json; charset=utf-8'

/** Returns a function that leaves all further requests to the general route. */
export function shortenEvents(server: Server, options: ShortOptions): () => void {
  const general = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[]
  let isClosing = false
  server.removeAllListeners('request')
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!isClosing && isShort(request, options) && options.gate.surelyAdmitsEvents(request)) {
      const lease = reserve(request, options.context)
      if (lease !== undefined) return collect(request, response, lease, options)
    }
    for (const listener of general) listener.call(server, request, response)
  })
  return () => void (isClosing = true)
}

function isShort({ method, url, headers }: IncomingMessage, { isPath, context }: ShortOptions) {
  const bytes = bodyBytes(headers)
  const type = headers['content-type']
  return (
    method === 'POST' &&
    isPath(url ?? '') &&
    bytes > 0 &&
    bytes <= Math.min(maxBody, context.limits.bodyBytes) &&
    headers['content-encoding'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    !isProtobuf(type) &&
    !isProtobufBatch(type)
  )
}

function bodyBytes(headers: IncomingMessage['headers']) {
  return Number(headers['content-length'] ?? 0)
}

/** Undefined if the general route has to decide. */
function reserve(request: IncomingMessage, { host }: ApiContext): MemoryLease | undefined {
  try {
    return host.memory.reserve((1 + columnsPerByte) * bodyBytes(request.headers))
  } catch {
    return undefined
  }
}

function collect(request: IncomingMessage, response: ServerResponse, lease: MemoryLease, options: ShortOptions) {
  const pieces: Buffer[] = []
  request
    .on('data', (piece: Buffer) => pieces.push(piece))
    .on('end', () => {
      const body = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
      take(request, response, body, options)
        .catch(() => response.destroy())
        .finally(() => lease.release())
    })
    .on('close', () => {
      if (!request.complete) lease.release()
    })
    .on('error', () => {})
}

async function take(request: IncomingMessage, response: ServerResponse, body: Buffer, options: ShortOptions) {
  const { context, answer } = options
  const id = context.nextQueryId()
  try {
    const counts = await takeEvents(context, request.headers, body)
    if (answer === 'nothing') send(response, 200, [queryIdHeader, id], '', options)
    else send(response, 200, [queryIdHeader, id, 'content-type', json], jsonLine(counts), options)
  } catch (error) {
    const refused = toProblem(error)
    if (refused.unexpected) logUnexpected(context.log, { method: 'POST', path: request.url, query: id, error })
    const headers = [queryIdHeader, id, ...Object.entries(refused.headers).flat(), 'content-type', problemJson]
    send(response, refused.problem.status, headers, jsonLine({ ...refused.problem, query_id: id }), options)
  }
}

function send(
  response: ServerResponse,
  status: number,
  headers: readonly string[],
  text: string,
  { context, headers: always, answered }: ShortOptions,
) {
  const all = [...headers, ...always, 'content-length', String(Buffer.byteLength(text))]
  if (context.draining?.() === true) all.push('connection', 'close')
  response.writeHead(status, all)
  response.end(text)
  answered(status)
}
