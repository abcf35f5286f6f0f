import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { HTTP, type CloudEvent } from 'cloudevents'
import sdk from 'cloudevents/package.json' with { type: 'json' }
import { configFrom } from '../../../schema/index.ts'
import type { Rig } from '../../../../test/conformance/rig.ts'
import type { OtherSide } from '../../../../test/conformance/sink.ts'
import { httpSchema } from '../config.ts'
import { sink as http } from '../sink.ts'

type Mode = 'binary' | 'structured' | 'batched'

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** Decodes with the official SDK, independently of the tested codec. */
async function start(mode: Mode): Promise<OtherSide> {
  const received: string[] = []
  const identities = new Map<string, string>()
  const sockets = new Set<Socket>()
  let refusing = false
  let silent = false
  let untilCut = Number.POSITIVE_INFINITY
  let failing: ReadonlySet<string> = new Set()
  let poisonous: ReadonlySet<string> = new Set()
  let twice = false

  const answer = (request: IncomingMessage, response: ServerResponse, status: number): void => {
    response.statusCode = status
    response.end()
    if (twice) request.socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
  }
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request)
    if (silent) return
    if (refusing) return answer(request, response, 503)
    if (request.method !== 'POST') return answer(request, response, 405)
    const events = [HTTP.toEvent({ headers: request.headers, body })].flat() as CloudEvent[]
    if (events.some(({ id }) => failing.has(id))) return answer(request, response, 500)
    if (events.some(({ id }) => poisonous.has(id))) return answer(request, response, 400)
    for (const { id, source } of events) {
      received.push(id)
      identities.set(`${source} ${id}`, id)
    }
    untilCut -= events.length
    if (untilCut > 0) return answer(request, response, 202)
    untilCut = Number.POSITIVE_INFINITY
    for (const socket of sockets) socket.destroy()
  }
  const listen = async (port: number): Promise<Server> => {
    const server = createServer((request, response) => {
      serve(request, response).catch(() => request.socket.destroy())
    })
    server.on('connection', (socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    return server
  }
  let server = await listen(0)
  const { port } = server.address() as AddressInfo
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  const common: OtherSide = {
    build: (context, timeoutMs) =>
      http.build(
        configFrom(httpSchema, {
          url: `http://127.0.0.1:${port}/events`,
          mode,
          request_events: 7,
          timeout: `${timeoutMs}ms`,
        }),
        context,
      ),
    received: () => Promise.resolve(received),
    held: () => Promise.resolve([...identities.values()]),
    refuse: (on) => Promise.resolve(void (refusing = on)),
    slow: (on) => Promise.resolve(void (silent = on)),
    disconnectAfter: (events) => Promise.resolve(void (untilCut = events)),
    poison: (ids) => Promise.resolve(void (poisonous = ids)),
    duplicateAck: () => Promise.resolve(void (twice = true)),
    async restart() {
      await stop()
      server = await listen(port)
    },
    stop,
  }
  return mode === 'batched' ? common : { ...common, fail: (ids) => Promise.resolve(void (failing = ids)) }
}

export const rig: Rig = {
  sinks: (['binary', 'structured', 'batched'] as const).map((mode) => ({
    name: `http ${mode}`,
    harness: { accepts: http.accepts, idempotency: http.idempotency, start: () => start(mode) },
    against: {
      system: 'http',
      server: 'the SDK of CloudEvents in a server',
      standIn: true,
      version: () => sdk.version,
      part: `${mode} mode`,
    },
  })),
}
