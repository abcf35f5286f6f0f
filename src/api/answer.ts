import type { FastifyReply, FastifyRequest } from 'fastify'
import { Readable } from 'node:stream'
import { createGzip, constants, gzipSync } from 'node:zlib'
import type { Timers } from '../host/index.ts'
import { sealedBody } from './access/opaque.ts'

/** RFC 9110, section 12.5.3: `q=0` means no. */
export function acceptsGzip(request: FastifyRequest): boolean {
  return acceptsCoding(request, 'gzip')
}

export function acceptsCoding(request: FastifyRequest, wanted: 'gzip' | 'br'): boolean {
  const header = request.headers['accept-encoding']
  if (typeof header !== 'string') return false
  const quality = (name: string) => {
    const cookies = header
      .split(',')
      .map((part) => part.trim().split(/\s*;\s*/))
      .find(([coding]) => coding?.toLowerCase() === name)
    if (cookies === undefined) return undefined
    const q = cookies.find((parameter) => parameter.startsWith('q='))
    return q === undefined ? 1 : Number(q.slice(2))
  }
  return (quality(wanted) ?? quality('*') ?? 0) > 0
}

/** Smaller bodies fit into one packet. */
const gzipMinBytes = 1400

export function answerJson(request: FastifyRequest, reply: FastifyReply, value: unknown): FastifyReply {
  const { seal } = request
  const body = Buffer.from(`${JSON.stringify(seal === undefined ? value : sealedBody(value, seal))}\n`)
  reply.type('application/json; charset=utf-8').header('vary', 'accept-encoding')
  if (body.length < gzipMinBytes || !acceptsGzip(request)) return reply.send(body)
  return reply.header('content-encoding', 'gzip').send(gzipSync(body, { level: 1 }))
}

const rowsPerChunk = 250

export function answerRows(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: { readonly rows: readonly unknown[] },
  timers: Timers,
): FastifyReply {
  if (answer.rows.length <= 2 * rowsPerChunk) return answerJson(request, reply, answer)
  const { seal } = request
  const sent = seal === undefined ? answer : (sealedBody(answer, seal) as typeof answer)
  return answerStream(request, reply, 'application/json; charset=utf-8', piecesOf(sent, timers))
}

async function* piecesOf({ rows, ...head }: { rows: readonly unknown[] }, timers: Timers): AsyncGenerator<Uint8Array> {
  const begin = JSON.stringify(head)
  yield Buffer.from(`${begin.slice(0, -1)}${begin === '{}' ? '' : ','}"rows":[`)
  for (let at = 0; at < rows.length; at += rowsPerChunk) {
    yield Buffer.from(`${at === 0 ? '' : ','}${JSON.stringify(rows.slice(at, at + rowsPerChunk)).slice(1, -1)}`)
    await timers.yield()
  }
  yield Buffer.from(']}\n')
}

/** Gzip would cost 40 ns per byte. */
const compressed = new Set(['application/vnd.apache.parquet'])

export function answerStream(
  request: FastifyRequest,
  reply: FastifyReply,
  type: string,
  bytes: AsyncIterable<Uint8Array>,
): FastifyReply {
  reply.type(type).header('vary', 'accept-encoding')
  const source = Readable.from(bytes, { objectMode: false })
  if (compressed.has(type) || !acceptsGzip(request)) return reply.send(source)
  const gzip = createGzip({ level: 1, finishFlush: constants.Z_FINISH })
  source.on('error', (error) => gzip.destroy(error))
  gzip.on('close', () => source.destroy())
  return reply.header('content-encoding', 'gzip').send(source.pipe(gzip))
}
