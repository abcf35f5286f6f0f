import { createServer, type Socket } from 'node:net'
import { MessageFramer } from '../../codecs/ipfix/framer.ts'
import { listening } from '../../host/listen.ts'
import { formatHostPort, type HostPort } from '../../schema/values.ts'

export interface IpfixConnection {
  /** The next message is read when it resolves. `bytes` is invalid afterwards. */
  message(bytes: Uint8Array): Promise<void>
  malformed(bytes: number): void
  closed(bytes: number, local: boolean): void
}

export interface IpfixTcp {
  readonly address: string
  close(): Promise<void>
}

const mostConnections = 1024

/** RFC 7011, section 10.4. `connected` returns undefined to reject a connection. */
export async function listenIpfixTcp(
  place: HostPort,
  connected: (address: string, port: number) => IpfixConnection | undefined,
): Promise<IpfixTcp> {
  const sockets = new Map<Socket, Promise<void>>()
  let closing = false
  const server = createServer((socket) => {
    const { remoteAddress, remotePort = 0 } = socket
    const connection = remoteAddress === undefined ? undefined : connected(remoteAddress, remotePort)
    socket.on('error', () => socket.destroy())
    if (connection === undefined) return void socket.destroy()
    sockets.set(
      socket,
      receive(socket, connection, () => closing).finally(() => sockets.delete(socket)),
    )
  })
  server.maxConnections = mostConnections
  const bound = await listening(server, place)
  return {
    address: formatHostPort(bound),
    async close() {
      closing = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const receiving = [...sockets.values()]
      for (const socket of sockets.keys()) socket.destroy()
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
