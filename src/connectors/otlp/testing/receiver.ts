// Receivers of OTLP that decode without the tested codec, and show faults.
import { Server as GrpcServer, ServerCredentials, status, type handleUnaryCall } from '@grpc/grpc-js'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { ProtoMessage } from '../../../../test/kit/proto-read.ts'
import { ProtoWriter } from '../../../codecs/proto-writer/index.ts'

export interface ReceivedLog {
  readonly uid: string
  readonly time: number
  readonly observed: number
  readonly severity: string
  readonly body: string
  readonly trace: string
  readonly attributes: Readonly<Record<string, unknown>>
}

/** The response to one request: accepted, partial, or a failure by its HTTP status or gRPC code. */
export type Reply =
  | 'accept'
  | 'silence'
  | 'cut'
  | { readonly partial: number; readonly message: string }
  | { readonly http: number; readonly grpc: number; readonly message: string; readonly retryMs?: number }

export interface Receiver {
  readonly url: string
  readonly requests: { readonly headers: IncomingHttpHeaders; readonly body: Uint8Array }[]
  reply: (logs: readonly ReceivedLog[], body: Uint8Array) => Reply
  /** HTTP only: each response is sent twice. */
  twice: boolean
  restart(): Promise<void>
  stop(): Promise<void>
}

export function logsIn(body: Uint8Array): ReceivedLog[] {
  const scopes = new ProtoMessage(body).messages(1).flatMap((resource) => resource.messages(2))
  return scopes
    .flatMap((scope) => scope.messages(2))
    .map((record) => {
      const attributes = attributesIn(record, 6)
      return {
        uid: String(attributes['log.record.uid']),
        time: record.number(1) / 1e6,
        observed: record.number(11) / 1e6,
        severity: `${record.number(2)} ${record.text(3)}`,
        body: record.message(5).text(1),
        trace: Buffer.from(record.bytes(9)).toString('hex'),
        attributes,
      }
    })
}

export function attributesIn(message: ProtoMessage, field: number): Record<string, unknown> {
  return Object.fromEntries(message.messages(field).map((pair) => [pair.text(1), anyValue(pair.message(2))]))
}

function anyValue(any: ProtoMessage): unknown {
  switch (any.fields[0]) {
    case 1:
      return any.text(1)
    case 2:
      return any.number(2) === 1
    case 3:
      return any.number(3)
    case 4:
      return any.double(4)
    case 5:
      return any.message(5).messages(1).map(anyValue)
    default:
      return any.bytes(7)
  }
}

const partialBody = (rejected: number, message: string): Uint8Array => {
  const writer = new ProtoWriter()
  const start = writer.begin(1)
  writer.uint(1, rejected)
  writer.text(2, message)
  writer.end(start)
  return writer.finish()
}

/** A `google.rpc.Status`, with `RetryInfo` if a delay is given. */
function statusBody(code: number, message: string, retryMs?: number): Uint8Array {
  const writer = new ProtoWriter()
  writer.uint(1, code)
  writer.text(2, message)
  if (retryMs !== undefined) {
    const any = writer.begin(3)
    writer.text(1, 'type.googleapis.com/google.rpc.RetryInfo')
    const info = writer.begin(2)
    const delay = writer.begin(1)
    writer.uint(1, Math.floor(retryMs / 1000))
    writer.uint(2, (retryMs % 1000) * 1e6)
    writer.end(delay)
    writer.end(info)
    writer.end(any)
  }
  return writer.finish()
}

export async function httpReceiver(): Promise<Receiver> {
  const sockets = new Set<Socket>()
  const answer = (request: IncomingMessage, response: ServerResponse, body: Uint8Array): void => {
    receiver.requests.push({ headers: request.headers, body })
    const reply = receiver.reply(logsIn(body), body)
    if (reply === 'silence') return
    if (reply === 'cut') {
      for (const socket of sockets) socket.destroy()
      return
    }
    response.setHeader('content-type', 'application/x-protobuf')
    if (reply === 'accept') response.end()
    else if ('partial' in reply) response.end(partialBody(reply.partial, reply.message))
    else {
      response.statusCode = reply.http
      response.end(statusBody(reply.grpc, reply.message, reply.retryMs))
    }
    if (receiver.twice) request.socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
  }
  const listen = async (port: number) => {
    const server = createServer((request, response) => {
      const chunks: Uint8Array[] = []
      request
        .on('data', (chunk: Uint8Array) => chunks.push(chunk))
        .on('end', () => {
          const body = Buffer.concat(chunks)
          answer(request, response, request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body)
        })
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
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}`,
    requests: [],
    reply: () => 'accept',
    twice: false,
    async restart() {
      await stop()
      server = await listen(port)
    },
    stop,
  }
  return receiver
}

const raw = {
  requestStream: false,
  responseStream: false,
  requestSerialize: (message: Uint8Array) => Buffer.from(message),
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (message: Uint8Array) => Buffer.from(message),
  responseDeserialize: (bytes: Buffer) => bytes,
} as const
const service = (name: string) => ({
  Export: { ...raw, path: `/opentelemetry.proto.collector.${name}/Export` },
})

export async function grpcReceiver(credentials = ServerCredentials.createInsecure()): Promise<Receiver> {
  const take: handleUnaryCall<Uint8Array, Uint8Array> = (call, respond) => {
    const headers = Object.fromEntries(Object.entries(call.metadata.getMap()).map(([k, v]) => [k, String(v)]))
    receiver.requests.push({ headers, body: call.request })
    const reply = receiver.reply(logsIn(call.request), call.request)
    if (reply === 'silence') return
    if (reply === 'cut') return void receiver.restart()
    if (reply === 'accept') return respond(null, new Uint8Array(0))
    if ('partial' in reply) return respond(null, partialBody(reply.partial, reply.message))
    const metadata = call.metadata.clone()
    for (const key of Object.keys(metadata.getMap())) metadata.remove(key)
    if (reply.retryMs !== undefined)
      metadata.set('grpc-status-details-bin', Buffer.from(statusBody(reply.grpc, reply.message, reply.retryMs)))
    respond({ code: reply.grpc, details: reply.message, metadata })
  }
  const listen = async (port: number): Promise<{ server: GrpcServer; port: number }> => {
    const server = new GrpcServer()
    for (const name of ['logs.v1.LogsService', 'metrics.v1.MetricsService'])
      server.addService(service(name), { Export: take })
    const bound = await new Promise<number>((resolve, reject) =>
      server.bindAsync(`127.0.0.1:${port}`, credentials, (error, found) =>
        error === null ? resolve(found) : reject(error),
      ),
    )
    return { server, port: bound }
  }
  let running = await listen(0)
  const { port } = running
  const receiver: Receiver = {
    url: `grpc://127.0.0.1:${port}`,
    requests: [],
    reply: () => 'accept',
    twice: false,
    async restart() {
      running.server.forceShutdown()
      running = await listen(port)
    },
    stop() {
      running.server.forceShutdown()
      return Promise.resolve()
    },
  }
  return receiver
}

export const codes = status
