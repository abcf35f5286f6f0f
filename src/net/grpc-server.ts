/** Unary gRPC over HTTP/2. A message is counted against the memory for decoding while it arrives. */
import {
  constants,
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Host, MemoryLease, Timers } from '../host/index.ts'
import { listening } from '../host/listen.ts'
import { messageOf } from '../model/errors.ts'
import { releaseBuffer } from '../model/release-buffer.ts'
import { formatHostPort, type HostPort } from '../schema/values.ts'
import { acceptedGrpcEncodings, isGrpcEncoding, readGrpcMessage } from './grpc-message.ts'
import type { TlsFiles } from './tls-files.ts'

export type GrpcFailure = Readonly<{
  code: keyof typeof codes
  why: string
  /** Message `google.rpc.Status` as bytes. */
  details?: Uint8Array
}>

/** An empty message, a message, or a failure. */
export type GrpcAnswer = 'accepted' | Uint8Array | GrpcFailure

export type GrpcCall = Readonly<{
  /** IP address of the client. */
  peer: string
  /** Header `authorization`; empty: the client sent none. */
  authorization: string
  /** Memory of the message and of everything that is made of it; released with the answer. */
  lease: MemoryLease
  /** The message, valid until the answer. Rejects with PushRefused, or as the memory budget does. */
  read(): Promise<Uint8Array>
}>

export interface GrpcListeners {
  readonly addresses: readonly string[]
  renew(): void
  close(graceMs: number): Promise<void>
}

type ListenersOptions = Readonly<{
  places: readonly HostPort[]
  tls: TlsFiles | undefined
  maxMessage: number
  host: Pick<Host, 'memory' | 'timers'>
  /** Methods by path, such as `/pbflow.Collector/Send`. A rejection is `unavailable`. */
  methods: Readonly<Record<string, (call: GrpcCall) => Promise<GrpcAnswer>>>
}>

const codes = {
  invalid: 3,
  denied: 7,
  exhausted: 8,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const

const settings = { maxConcurrentStreams: 64 }
/** A connection that is silent behind a firewall is found out and closed. */
const [keepaliveMs, pingMs] = [60_000, 20_000]
/** Time for a message to arrive. */
const messageMs = 60_000
const contentType = 'application/grpc'

/** Serves unary methods on all places or on none. */
export async function listenGrpc(options: ListenersOptions): Promise<GrpcListeners> {
  const { places, tls, host } = options
  const servers: (Http2Server | Http2SecureServer)[] = []
  const sessions = new Set<ServerHttp2Session>()
  const addresses: string[] = []
  const close = (graceMs: number) => closeAll(servers, sessions, { graceMs, timers: host.timers })
  try {
    for (const address of places) {
      const server = tls === undefined ? createServer({ settings }) : createSecureServer({ settings, ...secure(tls) })
      server.on('session', (session: ServerHttp2Session) => {
        sessions.add(session)
        session.once('close', () => sessions.delete(session)).on('error', () => {})
        keepAlive(session, host.timers)
      })
      server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
        stream.on('error', () => {})
        serve(stream, headers, options).catch(() => stream.close(constants.NGHTTP2_INTERNAL_ERROR))
      })
      const bound = await listening(server, address)
      servers.push(server)
      addresses.push(`${tls === undefined ? 'grpc' : 'grpcs'}://${formatHostPort(bound)}`)
    }
  } catch (error) {
    await close(0)
    throw error
  }
  return {
    addresses,
    renew() {
      if (tls !== undefined)
        for (const server of servers) if ('setSecureContext' in server) server.setSecureContext(secure(tls))
    },
    close,
  }
}

function secure({ current: { cert, key, ca } }: TlsFiles) {
  const isMutual = ca !== undefined
  return { cert, key, ca, requestCert: isMutual, rejectUnauthorized: isMutual }
}

function closeAll(
  servers: readonly (Http2Server | Http2SecureServer)[],
  sessions: ReadonlySet<ServerHttp2Session>,
  { graceMs, timers }: Readonly<{ graceMs: number; timers: Timers }>,
): Promise<void> {
  const timer = timers.after(graceMs, () => {
    for (const session of sessions) session.destroy()
  })
  const closing = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
  for (const session of sessions) session.close()
  return Promise.all(closing).then(() => timer.cancel())
}

function keepAlive(session: ServerHttp2Session, timers: Timers) {
  let timer = timers.after(keepaliveMs, ping)
  session.once('close', () => timer.cancel())
  function ping() {
    if (session.destroyed) return
    timer = timers.after(pingMs, () => session.destroy())
    session.ping(() => {
      timer.cancel()
      if (!session.destroyed) timer = timers.after(keepaliveMs, ping)
    })
  }
}

async function serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, options: ListenersOptions) {
  const { [':method']: method, [':path']: path = '', 'grpc-encoding': encoding = 'identity' } = headers
  if (method !== 'POST') return respond(stream, { ':status': 405, allow: 'POST' })
  if (!/^application\/grpc(?:[+;]|$)/i.test(headers['content-type'] ?? '')) return respond(stream, { ':status': 415 })
  const { methods, maxMessage, host } = options
  const take = Object.hasOwn(methods, path) ? methods[path] : undefined
  if (take === undefined)
    return fail(stream, { code: 'unimplemented', why: `The server does not implement the method ${path}` })
  if (!isGrpcEncoding(String(encoding)))
    return fail(stream, { code: 'unimplemented', why: `the message encoding ${String(encoding)} is not supported` })
  const answer = await host.memory.use(0, async (lease) => {
    let message: Buffer | undefined
    const read = async () => {
      const timer = host.timers.after(messageMs, () => stream.close(constants.NGHTTP2_CANCEL))
      try {
        return (message = await readGrpcMessage(stream, { encoding: String(encoding), maxBytes: maxMessage, lease }))
      } finally {
        timer.cancel()
      }
    }
    const peer = stream.session?.socket.remoteAddress ?? ''
    try {
      return await take({ peer, authorization: headers.authorization ?? '', lease, read })
    } catch (error) {
      return { code: 'unavailable', why: messageOf(error) } as const
    } finally {
      if (message !== undefined) releaseBuffer(message, message.buffer.byteLength)
    }
  })
  if (answer === 'accepted') return succeed(stream, new Uint8Array(0))
  return answer instanceof Uint8Array ? succeed(stream, answer) : fail(stream, answer)
}

function succeed(stream: ServerHttp2Stream, message: Uint8Array) {
  if (stream.destroyed || stream.closed) return
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  stream.respond({ ':status': 200, 'content-type': contentType }, { waitForTrailers: true })
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(Buffer.concat([head, message]))
}

function fail(stream: ServerHttp2Stream, { code, why, details }: GrpcFailure) {
  return respond(stream, {
    ':status': 200,
    'content-type': contentType,
    'grpc-accept-encoding': acceptedGrpcEncodings,
    'grpc-status': String(codes[code]),
    'grpc-message': encodeURI(why.toWellFormed()),
    ...(details === undefined ? {} : { 'grpc-status-details-bin': Buffer.from(details).toString('base64') }),
  })
}

/** Responds with headers alone. The rest of the message is read, so that the client's window stays open. */
function respond(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders) {
  if (stream.destroyed || stream.closed) return
  stream.respond(headers, { endStream: true })
  // The reader of a refused message still listens, and would stop the flow.
  stream.removeAllListeners('readable')
  process.nextTick(() => stream.resume())
}
