import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { MessageFramer } from '../../codecs/ipfix/framer.ts'
import { listening } from '../../host/listen.ts'
import { openSockets } from '../../net/open-sockets.ts'
import type { TlsOptions } from '../../net/tls.ts'
import { formatHostPort, type HostPort } from '../../schema/values.ts'

export interface IpfixConnection {
  /** The next message is read when it resolves. `bytes` is invalid afterwards. */
  message(bytes: Uint8Array): Promise<void>
  malformed(bytes: number): void
  closed(bytes: number, local: boolean): void
}

export interface IpfixTcp {
  readonly address: string
  renew(tls: TlsOptions): void
  close(): Promise<void>
}

const mostConnections = 1024

type Senders = Readonly<{
  /** Undefined rejects the connection. */
  connected: (address: string, port: number) => IpfixConnection | undefined
  /** The TLS handshake failed. */
  failed: (address: string, reason: string) => void
}>

/** RFC 7011, sections 10.4 and 11. */
export async function listenIpfixTcp(
  address: HostPort,
  tls: TlsOptions | undefined,
  { connected, failed }: Senders,
): Promise<IpfixTcp> {
  const sockets = new Map<Socket, Promise<void>>()
  let closing = false
  const accept = (socket: Socket): void => {
    const { remoteAddress, remotePort = 0 } = socket
    const connection = remoteAddress === undefined ? undefined : connected(remoteAddress, remotePort)
    socket.on('error', () => socket.destroy())
    if (connection === undefined) return void socket.destroy()
    sockets.set(
      socket,
      receive(socket, connection, () => closing).finally(() => sockets.delete(socket)),
    )
  }
  const verifies = tls?.ca !== undefined
  const server =
    tls === undefined
      ? createServer(accept)
      : createTlsServer({ ...tls, requestCert: verifies, rejectUnauthorized: verifies }, accept)
  server.maxConnections = mostConnections
  const open = openSockets(server)
  server.on('tlsClientError', (error: NodeJS.ErrnoException, { remoteAddress = '' }: Socket) =>
    failed(remoteAddress, error.code ?? error.message),
  )
  const bound = await listening(server, address)
  return {
    address: `${tls === undefined ? 'tcp' : 'tls'}://${formatHostPort(bound)}`,
    renew(renewed) {
      if ('setSecureContext' in server) server.setSecureContext(renewed)
    },
    async close() {
      closing = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const receiving = [...sockets.values()]
      for (const socket of [...sockets.keys(), ...open]) socket.destroy()
      await Promise.all([closed, ...receiving])
    },
  }
}

async function receive(socket: Socket, connection: IpfixConnection, closing: () => boolean) {
  const framer = new MessageFramer()
  try {
    for await (const piece of socket as AsyncIterable<Uint8Array>) {
      framer.push(piece)
      for (let message = framer.next(); message !== undefined; message = framer.next())
        await connection.message(message)
      if (!framer.broken) continue
      connection.malformed(framer.pending)
      framer.clear()
      break
    }
  } catch {
    // Complete messages were processed.
  } finally {
    socket.destroy()
    connection.closed(framer.pending, closing())
  }
}
