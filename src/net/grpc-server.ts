import {
  logVerbosity,
  Metadata,
  Server,
  ServerCredentials,
  setLogVerbosity,
  status,
  type handleUnaryCall,
  type ServiceDefinition,
  type StatusObject,
} from '@grpc/grpc-js'
import type { Host } from '../host/index.ts'
import { explainListen } from '../host/listen.ts'
import { messageOf } from '../model/errors.ts'
import { formatHostPort, type HostPort } from '../schema/values.ts'
import type { TlsFiles } from './tls-files.ts'

export type GrpcFailure = Readonly<{
  code: keyof typeof codes
  why: string
  /** `google.rpc.Status`. */
  details?: Uint8Array
}>

/** An empty message, a message, or a failure. */
export type GrpcAnswer = 'accepted' | Uint8Array | GrpcFailure

export type GrpcCall = Readonly<{
  message: Uint8Array
  /** IP address of the client. */
  peer: string
  /** Empty: the client sent none. */
  authorization: string
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
  timers: Host['timers']
  /** By path: `/pbflow.Collector/Send`. A rejection is `unavailable`. */
  methods: Readonly<Record<string, (call: GrpcCall) => Promise<GrpcAnswer>>>
}>

// Errors are returned; the library would print them as well.
setLogVerbosity(logVerbosity.NONE)

const codes = {
  exhausted: status.RESOURCE_EXHAUSTED,
  invalid: status.INVALID_ARGUMENT,
  denied: status.PERMISSION_DENIED,
  unauthenticated: status.UNAUTHENTICATED,
  unavailable: status.UNAVAILABLE,
} as const

/** Serves unary methods on all places or on none. */
export async function listenGrpc(options: ListenersOptions): Promise<GrpcListeners> {
  const { places, tls, maxMessage, methods } = options
  const server = new Server({
    'grpc.max_receive_message_length': maxMessage,
    'grpc.max_concurrent_streams': 64,
    // A connection that is silent behind a firewall is found out and closed.
    'grpc.keepalive_time_ms': 60_000,
  })
  for (const [path, take] of Object.entries(methods)) {
    const handle: handleUnaryCall<Uint8Array, Uint8Array> = (call, respond) => {
      const [authorization = ''] = call.metadata.get('authorization')
      const answer = take({
        message: call.request,
        peer: addressOf(call.getPeer()),
        authorization: String(authorization),
      })
      answer.then(
        (given) => {
          if (given === 'accepted') respond(null, empty)
          else if (given instanceof Uint8Array) respond(null, given)
          else respond(statusOf(given))
        },
        (error: unknown) => respond(statusOf({ code: 'unavailable', why: messageOf(error) })),
      )
    }
    server.addService(serviceOf(path), { [path]: handle })
  }
  const secure = tls === undefined ? undefined : new RenewableCredentials(tls)
  const addresses: string[] = []
  try {
    for (const place of places) {
      const port = await bind(server, place, secure ?? ServerCredentials.createInsecure())
      addresses.push(`${tls === undefined ? 'grpc' : 'grpcs'}://${formatHostPort({ host: place.host, port })}`)
    }
  } catch (error) {
    server.forceShutdown()
    throw error
  }
  return {
    addresses,
    renew: () => secure?.renew(),
    close: (graceMs) =>
      new Promise((resolve) => {
        const timer = options.timers.after(graceMs, () => server.forceShutdown())
        server.tryShutdown(() => {
          timer.cancel()
          resolve()
        })
      }),
  }
}

const empty = new Uint8Array(0)

function serviceOf(path: string): ServiceDefinition {
  return {
    [path]: {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: (message: Uint8Array) => Buffer.from(message),
      requestDeserialize: (bytes: Buffer) => bytes,
      responseSerialize: (message: Uint8Array) => Buffer.from(message),
      responseDeserialize: (bytes: Buffer) => bytes,
    },
  }
}

function statusOf({ code, why, details }: GrpcFailure): Partial<StatusObject> {
  const status = { code: codes[code], details: why }
  if (details === undefined) return status
  const metadata = new Metadata()
  metadata.set('grpc-status-details-bin', Buffer.from(details))
  return { ...status, metadata }
}

/** TLS of the server. Its certificate can be replaced while the server runs. */
class RenewableCredentials extends ServerCredentials {
  readonly #files: TlsFiles

  constructor(files: TlsFiles) {
    const { cert, key, ca } = files.current
    super({ requestCert: ca !== undefined }, { cert, key, ca })
    this.#files = files
  }

  renew(): void {
    const { cert, key, ca } = this.#files.current
    this.updateSecureContextOptions({ cert, key, ca })
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other
  }
}

async function bind(server: Server, { host, port }: HostPort, credentials: ServerCredentials): Promise<number> {
  try {
    return await new Promise<number>((resolve, reject) => {
      server.bindAsync(formatHostPort({ host, port }), credentials, (error, bound) => {
        if (error === null) resolve(bound)
        else reject(error)
      })
    })
  } catch (error) {
    throw await explainListen('tcp', { host, port }, systemError(error))
  }
}

/** The library has the system's error only as text: `… errors: [listen EADDRINUSE: address already in use …]`. */
function systemError(error: unknown): unknown {
  const [, message, code] = /\[(listen (E[A-Z]+): [^\]]+)\]/.exec(messageOf(error)) ?? []
  return message === undefined ? error : Object.assign(new Error(message, { cause: error }), { code })
}

function addressOf(peer: string) {
  return peer.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
}
