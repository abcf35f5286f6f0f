// A stand-in for Loki's push API. It decodes snappy with Kafka's client and protobuf by itself, independently of the
// sink, and drops equal entries of a stream as Loki does.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTls, type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { compressionsAlgorithms } from '@platformatic/kafka'

export interface PushedEntry {
  readonly labels: string
  /** Unix nanoseconds, as digits. */
  readonly time: string
  readonly line: string
}

export interface PushRequest {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly bodyBytes: number
  readonly entries: readonly PushedEntry[]
}

export interface LokiAnswer {
  readonly status: number
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Entries that are stored; default: all with 2xx, else none. */
  readonly stored?: readonly PushedEntry[]
  readonly silent?: boolean
}

export interface LokiServer {
  readonly port: number
  readonly url: string
  readonly requests: readonly PushRequest[]
  /** In order of arrival, repeats included. */
  readonly arrived: readonly PushedEntry[]
  /** Without repeats. */
  readonly held: ReadonlyMap<string, PushedEntry>
  /** Response to the next pushes; default 204. */
  respond: (request: PushRequest) => LokiAnswer
  ready: () => number
  /** Called after each stored push. */
  afterPush: (stored: number) => void
  cut(): void
  stop(): Promise<void>
  start(): Promise<void>
}

export async function startLokiServer(tls?: ServerOptions): Promise<LokiServer> {
  const sockets = new Set<Socket>()
  const requests: PushRequest[] = []
  const arrived: PushedEntry[] = []
  const held = new Map<string, PushedEntry>()

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Uint8Array[] = []
    for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const { method = '', url: path = '', headers } = request
    if (method === 'GET' && path.endsWith('/ready')) {
      const status = loki.ready()
      if (status > 0) response.writeHead(status).end('ready')
      return
    }
    if (method !== 'POST' || !path.endsWith('/loki/api/v1/push')) return void response.writeHead(404).end()
    const entries = decode(headers['content-type'] ?? '', body)
    const pushed: PushRequest = { path, headers, bodyBytes: body.length, entries }
    requests.push(pushed)
    const { status, text = '', headers: more = {}, stored, silent = false } = loki.respond(pushed)
    const kept = stored ?? (status < 300 ? entries : [])
    for (const entry of kept) {
      arrived.push(entry)
      held.set(`${entry.labels}\n${entry.time}\n${entry.line}`, entry)
    }
    loki.afterPush(kept.length)
    if (!silent) response.writeHead(status, more).end(text)
  }
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    serve(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
  }
  const server = tls === undefined ? createServer(listener) : createTls(tls, listener)
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const listen = (port: number): Promise<void> =>
    new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', () => resolve())
    })
  await listen(0)
  const { port } = server.address() as AddressInfo
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const loki: LokiServer = {
    port,
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    arrived,
    held,
    respond: () => ({ status: 204 }),
    ready: () => 200,
    afterPush: () => undefined,
    cut,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      cut()
      await closed
    },
    start: () => listen(port),
  }
  return loki
}

function decode(type: string, body: Buffer): PushedEntry[] {
  if (type === 'application/json') return fromJson(body.toString())
  if (type !== 'application/x-protobuf') throw new Error(`unknown type ${type}`)
  return fromProtobuf(Buffer.from(compressionsAlgorithms.snappy.decompressSync(body)))
}

interface JsonPush {
  readonly streams: readonly {
    readonly stream: Readonly<Record<string, string>>
    readonly values: readonly (readonly [time: string, line: string])[]
  }[]
}

function fromJson(text: string): PushedEntry[] {
  return (JSON.parse(text) as JsonPush).streams.flatMap(({ stream, values }) => {
    const names = Object.keys(stream).sort()
    const labels = `{${names.map((name) => `${name}=${JSON.stringify(stream[name])}`).join(', ')}}`
    return values.map(([time, line]) => ({ labels, time, line }))
  })
}

type Field = readonly [number: number, value: Buffer | number]

function fromProtobuf(bytes: Buffer): PushedEntry[] {
  return fieldsOf(bytes).flatMap(([, stream]) => {
    const fields = fieldsOf(stream as Buffer)
    const labels = String(fields.find(([number]) => number === 1)?.[1])
    return fields
      .filter(([number]) => number === 2)
      .map(([, entry]) => {
        const parts = new Map(fieldsOf(entry as Buffer))
        const time = new Map(fieldsOf(parts.get(1) as Buffer))
        const nanos = String(time.get(2) ?? 0).padStart(9, '0')
        return { labels, time: `${String(time.get(1) ?? 0)}${nanos}`, line: (parts.get(2) as Buffer).toString() }
      })
  })
}

function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = []
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes.readUInt8(at++)
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const value = varint()
    if ((tag & 7) === 0) fields.push([tag >> 3, value])
    else {
      fields.push([tag >> 3, bytes.subarray(at, at + value)])
      at += value
    }
  }
  return fields
}
