import { Socket as DatagramSocket } from 'node:dgram'
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import { Server, Socket } from 'node:net'

export interface NetworkBan {
  /** Connections, listeners, datagrams and lookups that were refused. */
  refused(): number
  lift(): void
}

/**
 * Refuses connections, listeners, datagrams and lookups of the whole process, as an unreachable network does: clients
 * get an error. TLS, HTTP and gRPC use the same sockets.
 */
export function banNetwork(): NetworkBan {
  let refused = 0
  const error = (code: string): Error => {
    refused++
    return Object.assign(new Error('the network is not used here'), { code })
  }
  const undo = [
    replace(Socket.prototype, 'connect', function (this: Socket) {
      return this.destroy(error('ENETUNREACH'))
    }),
    replace(Server.prototype, 'listen', function (this: Server) {
      const problem = error('EADDRINUSE')
      process.nextTick(() => this.emit('error', problem))
      return this
    }),
    ...(['bind', 'connect', 'send'] as const).map((name) =>
      replace(DatagramSocket.prototype, name, () => {
        throw error('ENETUNREACH')
      }),
    ),
    ...(['lookup', 'resolve', 'resolve4', 'resolve6'] as const).flatMap((name) => [
      replace(dns, name, (...given: unknown[]) => {
        const problem = error('ENOTFOUND')
        process.nextTick(() => (given.at(-1) as (problem: Error) => void)(problem))
      }),
      replace(dns.promises, name, () => Promise.reject(error('ENOTFOUND'))),
    ]),
  ]
  syncBuiltinESMExports()
  return {
    refused: () => refused,
    lift() {
      for (const back of undo) back()
      syncBuiltinESMExports()
    },
  }
}

function replace(on: object, name: string, by: (...given: never[]) => unknown): () => void {
  const before: unknown = Reflect.get(on, name)
  Reflect.set(on, name, by)
  return () => void Reflect.set(on, name, before)
}
