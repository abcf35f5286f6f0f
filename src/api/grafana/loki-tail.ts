/** Lines as they arrive, over a websocket: the button Live of Explore, and `logcli --tail`. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { messageOf } from '../../model/errors.ts'
import { syntaxError } from '../../query/metrics/failure.ts'
import type { LogQuery, Processed } from '../../query/logql/index.ts'
import { whenAccessEnds } from '../access/gate.ts'
import { object, string } from '../openapi/json-schema.ts'
import type { ApiContext } from '../options.ts'
import { grafanaRequestOf, type GrafanaRequest } from './answer.ts'
import { labelForm, streamsOf } from './loki-query.ts'
import { environmentOf, language, limitOf, nanoseconds, nsPerMs } from './loki-request.ts'

const pollMs = 1000
const hourNs = 3_600_000n * nsPerMs
/** Time in which a line of the past second may still become visible. */
const latenessNs = 10_000n * nsPerMs
/** Lines of one message. */
const perMessage = 5000
/** Bytes that a slow client has not read. */
const maxBuffered = 16 * 1024 * 1024
const policyViolation = 1008
const internalError = 1011

export function tailRoute(app: FastifyInstance, context: ApiContext, url: string): void {
  app.route({
    method: 'GET',
    url,
    schema: {
      operationId: 'lokiTail',
      summary: 'Lines as they arrive, over a websocket',
      querystring: object({
        query: { description: 'LogQL of lines.' },
        start: { description: 'Ns, seconds or RFC 3339; unset: one hour ago.' },
        limit: { description: 'Maximum earlier lines.' },
        delay_for: { description: 'Seconds by which lines are delayed, so that late ones are in order.' },
      }),
      response: {
        200: { description: 'Messages of streams over the websocket.', ...string },
        400: { description: 'The request is no websocket.', ...string },
      },
    },
    handler: (_, reply) => reply.code(400).type('text/plain; charset=utf-8').send('A websocket is required.\n'),
    wsHandler: (socket, request) => void tail(socket, request, context),
  })
}

async function tail(socket: WebSocket, request: FastifyRequest, context: ApiContext): Promise<void> {
  const abort = new AbortController()
  socket.on('error', () => socket.terminate())
  socket.on('close', () => abort.abort())
  try {
    const { parseLogs } = await language()
    const first = grafanaRequestOf(request, context, abort.signal)
    const logs = parseLogs(first.parameters.needed('query'))
    const follow = new Follow(logs, first)
    socket.on(
      'close',
      whenAccessEnds(request.admission, context.host, () => socket.close(policyViolation, 'the access has ended')),
    )
    while (!abort.signal.aborted && socket.readyState === socket.OPEN) {
      const lines = await follow.next(grafanaRequestOf(request, context, abort.signal))
      if (lines.length > 0) socket.send(JSON.stringify({ streams: streamsOf(lines, labelForm(first)).result }))
      if (socket.bufferedAmount > maxBuffered) return socket.close(policyViolation, 'the client reads too slowly')
      await context.host.timers.sleep(pollMs, abort.signal)
    }
  } catch (error) {
    if (!abort.signal.aborted) socket.close(internalError, messageOf(error).slice(0, 120))
  }
}

/** Each line once. Lines that arrive late are found by reading the last seconds again. */
class Follow {
  readonly #logs: LogQuery
  readonly #delay: bigint
  readonly #limit: number
  #from: bigint
  #isFirst = true
  #sent = new Map<string, bigint>()

  constructor(logs: LogQuery, request: GrafanaRequest) {
    this.#logs = logs
    const seconds = request.parameters.count('delay_for') ?? 0
    if (seconds > 5) throw syntaxError('delay_for cannot be greater than 5')
    this.#delay = BigInt(seconds) * 1000n * nsPerMs
    this.#limit = limitOf(request)
    this.#from = nanoseconds(request, 'start') ?? BigInt(request.now) * nsPerMs - hourNs
  }

  async next(request: GrafanaRequest): Promise<Processed[]> {
    const { queryLogs } = await language()
    const to = BigInt(request.now) * nsPerMs - this.#delay
    const start = this.#isFirst ? this.#from : this.#from - latenessNs
    if (to <= start) return []
    const [limit, direction] = this.#isFirst
      ? ([this.#limit, 'backward'] as const)
      : ([perMessage + this.#sent.size, 'forward'] as const)
    const logs = await queryLogs(this.#logs, { from: start, to, limit, direction }, environmentOf(request))
    const lines = direction === 'backward' ? logs.toReversed() : logs
    const fresh = lines.filter((line) => !this.#isFirst || line.entry.time < to).filter((line) => this.#isNew(line))
    this.#isFirst = false
    this.#from = to
    for (const [key, time] of this.#sent) if (time < to - latenessNs) this.#sent.delete(key)
    return fresh
  }

  #isNew({ entry }: Processed): boolean {
    const key = `${entry.time}\n${entry.stream.key}\n${entry.line}`
    if (this.#sent.has(key)) return false
    this.#sent.set(key, entry.time)
    return true
  }
}
