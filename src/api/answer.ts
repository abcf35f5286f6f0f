import type { FastifyReply, FastifyRequest } from 'fastify'
import { Readable } from 'node:stream'
import { createGzip, constants, gzipSync } from 'node:zlib'
import type { Timers } from '../host/index.ts'

/** Does the client take gzip? RFC 9110, section 12.5.3: `q=0` means no. */
export function takesGzip(request: FastifyRequest): boolean {
  const header = request.headers['accept-encoding']
  if (typeof header !== 'string') return false
  const quality = (name: string): number | undefined => {
    const found = header
      .split(',')
      .map((part) => part.trim().split(/\s*;\s*/))
      .find(([coding]) => coding?.toLowerCase() === name)
    if (found === undefined) return undefined
    const q = found.find((parameter) => parameter.startsWith('q='))
    return q === undefined ? 1 : Number(q.slice(2))
  }
  return (quality('gzip') ?? quality('*') ?? 0) > 0
}

/** Below this an answer travels in one packet anyway. */
const worthwhile = 1400

export function answerJson(request: FastifyRequest, reply: FastifyReply, value: unknown): FastifyReply {
  const body = Buffer.from(JSON.stringify(value))
  reply.type('application/json; charset=utf-8').header('vary', 'accept-encoding')
  if (body.length < worthwhile || !takesGzip(request)) return reply.send(body)
  return reply.header('content-encoding', 'gzip').send(gzipSync(body, { level: 1 }))
}

/** Rows that are made into text at a time. */
const rowsOfPiece = 250

/** An answer with rows; of many, other work of the process goes on while it is written. */
export function answerRows(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: { readonly rows: readonly unknown[] },
  timers: Timers,
): FastifyReply {
  if (answer.rows.length <= 2 * rowsOfPiece) return answerJson(request, reply, answer)
  return answerStream(request, reply, 'application/json; charset=utf-8', piecesOf(answer, timers))
}

async function* piecesOf(
  { rows, ...head }: { readonly rows: readonly unknown[] },
  timers: Timers,
): AsyncGenerator<Uint8Array> {
  const begin = JSON.stringify(head)
  yield Buffer.from(`${begin.slice(0, -1)}${begin === '{}' ? '' : ','}"rows":[`)
  for (let at = 0; at < rows.length; at += rowsOfPiece) {
    yield Buffer.from(`${at === 0 ? '' : ','}${JSON.stringify(rows.slice(at, at + rowsOfPiece)).slice(1, -1)}`)
    await timers.yield()
  }
  yield Buffer.from(']}')
}

/** Its pages are compressed. gzip would take 40 ns a byte and gain little. */
const compressed = new Set(['application/vnd.apache.parquet'])

/** Streams bytes as they come, compressed when the client takes it. */
export function answerStream(
  request: FastifyRequest,
  reply: FastifyReply,
  type: string,
  bytes: AsyncIterable<Uint8Array>,
): FastifyReply {
  reply.type(type).header('vary', 'accept-encoding')
  const source = Readable.from(bytes, { objectMode: false })
  if (compressed.has(type) || !takesGzip(request)) return reply.send(source)
  const gzip = createGzip({ level: 1, finishFlush: constants.Z_FINISH })
  source.on('error', (error) => gzip.destroy(error))
  gzip.on('close', () => source.destroy())
  return reply.header('content-encoding', 'gzip').send(source.pipe(gzip))
}
