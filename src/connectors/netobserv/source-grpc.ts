import {
  logVerbosity,
  Server,
  ServerCredentials,
  setLogVerbosity,
  status,
  type handleUnaryCall,
  type StatusObject,
} from '@grpc/grpc-js'
import type { Host } from '../../host/index.ts'
import { explainListen } from '../../host/listen.ts'
import { messageOf } from '../../model/errors.ts'
import { formatHostPort, type HostPort } from '../../schema/values.ts'
import type { TlsFiles } from '../../net/tls-files.ts'

export type Answer = 'accepted' | Readonly<{ code: 'exhausted' | 'invalid' | 'denied' | 'unavailable'; why: string }>

export interface AgentListeners {
  readonly addresses: readonly string[]
  renew(): void
  close(graceMs: number): Promise<void>
}

type ListenersOptions = Readonly<{
  places: readonly HostPort[]
  tls: TlsFiles | undefined
  maxMessage: number
  timers: Host['timers']
  /** `peer`: the agent's IP address. */
  take(message: Uint8Array, peer: string): Promise<Answer>
}>

// Errors are returned; the library would print them as well.
setLogVerbosity(logVerbosity.NONE)

const codes = {
  exhausted: status.RESOURCE_EXHAUSTED,
  invalid: status.INVALID_ARGUMENT,
  denied: status.PERMISSION_DENIED,
  unavailable: status.UNAVAILABLE,
} as const

/** Serves `pbflow.Collector/Send` on all places or on none. */
export async function listenForAgents(options: ListenersOptions): Promise<AgentListeners> {
  const { places, tls, maxMessage } = options
  const server = new Server({
    'grpc.max_receive_message_length': maxMessage,
    'grpc.max_concurrent_streams': 64,
    // A connection that is silent behind a firewall is found out and closed.
    'grpc.keepalive_time_ms': 60_000,
  })
  const send: handleUnaryCall<Uint8Array, Uint8Array> = (call, respond) => {
    options.take(call.request, addressOf(call.getPeer())).then(
      (answer) => {
        if (answer === 'accepted') respond(null, reply)
        else respond(statusOf(answer.code, answer.why))
      },
      (error: unknown) => respond(statusOf('unavailable', error instanceof Error ? error.message : String(error))),
    )
  }
  server.addService(collector, { Send: send })
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

const reply = new Uint8Array(0)

const collector = {
  Send: {
    path: '/pbflow.Collector/Send',
    requestStream: false,
    responseStream: false,
    requestSerialize: (message: Uint8Array) => Buffer.from(message),
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (message: Uint8Array) => Buffer.from(message),
    responseDeserialize: (bytes: Buffer) => bytes,
  },
} as const

function statusOf(code: keyof typeof codes, details: string): Partial<StatusObject> {
  return { code: codes[code], details }
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
