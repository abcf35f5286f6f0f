import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import { listening } from '../../host/listen.ts'
import { openSockets } from '../../net/open-sockets.ts'
import type { TlsOptions } from '../../net/tls.ts'
import { formatHostPort, type HostPort } from '../../schema/values.ts'
import { SyslogFramer, type Framed } from './map-framing.ts'

type Take = (framed: readonly Framed[], from: string) => Promise<void>

const maxConnections = 1024
const idleMs = 10 * 60_000

/** The next bytes of a connection are read when `take` resolves. */
export class SyslogTcp {
  readonly address: string
  readonly #server: Server | TlsServer
  readonly #sockets: Map<Socket, Promise<void>>
  readonly #open: ReadonlySet<Socket>

  private constructor(
    address: string,
    server: Server | TlsServer,
    sockets: Map<Socket, Promise<void>>,
    open: ReadonlySet<Socket>,
  ) {
    this.#open = open
    this.address = address
    this.#server = server
    this.#sockets = sockets
  }

  static async open(listenAt: HostPort, tls: TlsOptions | undefined, limit: number, take: Take): Promise<SyslogTcp> {
    const sockets = new Map<Socket, Promise<void>>()
    const accept = (socket: Socket) => {
      socket.on('error', () => socket.destroy())
      socket.setTimeout(idleMs, () => socket.destroy())
      sockets.set(
        socket,
        receive(socket, limit, take).finally(() => sockets.delete(socket)),
      )
    }
    const server =
      tls === undefined
        ? createServer(accept)
        : createTlsServer(
            { ...tls, requestCert: tls.ca !== undefined, rejectUnauthorized: tls.ca !== undefined },
            accept,
          )
    server.maxConnections = maxConnections
    const open = openSockets(server)
    const address = formatHostPort(await listening(server, listenAt))
    return new SyslogTcp(`${tls === undefined ? 'tcp' : 'tls'}://${address}`, server, sockets, open)
  }

  renew(tls: TlsOptions): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext(tls)
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    const receiving = [...this.#sockets.values()]
    for (const socket of [...this.#sockets.keys(), ...this.#open]) socket.destroy()
    await Promise.all([closed, ...receiving])
  }
}

async function receive(socket: Socket, limit: number, take: Take) {
  const framer = new SyslogFramer(limit)
  const from = socket.remoteAddress?.replace(/^::ffff:/, '') ?? ''
  try {
    for await (const piece of socket as AsyncIterable<Uint8Array>) {
      const framed = [...framer.push(piece)]
      if (framed.length > 0) await take(framed, from)
      if (framed.at(-1)?.is === 'oversized') return
    }
  } catch {
    // The connection was reset; the sender connects again.
  } finally {
    socket.destroy()
  }
  const last = [...framer.end()]
  // The listener was closed meanwhile: the journal accepts no more.
  if (last.length > 0) await take(last, from).catch(() => undefined)
}
