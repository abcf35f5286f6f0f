import { createServer, type Socket } from 'node:net'
import { MessageFramer } from '../../codecs/ipfix/framer.ts'
import { listening } from '../../host/listen.ts'
import { formatHostPort, type HostPort } from '../../schema/values.ts'

/** One exporter's connection, as the source sees it. */
export interface IpfixConnection {
  /** Takes one whole message; the next is read when it resolves. The bytes are void afterwards. */
  message(bytes: Uint8Array): Promise<void>
  /** The stream is no IPFIX: the connection is closed, because there is no way to find the next message in it. */
  malformed(bytes: number): void
  /** It ended; so many bytes belong to no whole message. `ours`: because the source stops. */
  closed(bytes: number, ours: boolean): void
}

export interface IpfixTcp {
  readonly address: string
  close(): Promise<void>
}

const mostConnections = 1024

/** Accepts IPFIX exporters (RFC 7011, section 10.4: messages one after the other). `connected`: undefined refuses. */
export async function listenIpfixTcp(
  place: HostPort,
  connected: (address: string, port: number) => IpfixConnection | undefined,
): Promise<IpfixTcp> {
  const sockets = new Map<Socket, Promise<void>>()
  let closing = false
  const server = createServer((socket) => {
    const { remoteAddress, remotePort = 0 } = socket
    const connection = remoteAddress === undefined ? undefined : connected(remoteAddress, remotePort)
    // An exporter that resets its connection is no trouble of ours.
    socket.on('error', () => socket.destroy())
    if (connection === undefined) return void socket.destroy()
    sockets.set(
      socket,
      receive(socket, connection, () => closing).finally(() => sockets.delete(socket)),
    )
  })
  server.maxConnections = mostConnections
  await listening(server, place)
  const bound = server.address()
  return {
    address: formatHostPort({
      host: place.host,
      port: typeof bound === 'object' && bound !== null ? bound.port : place.port,
    }),
    async close() {
      closing = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      const receiving = [...sockets.values()]
      for (const socket of sockets.keys()) socket.destroy()
      await Promise.all([closed, ...receiving])
    },
  }
}

/** Reads until the end. While a message waits for the journal nothing more is read, and TCP tells the exporter. */
async function receive(socket: Socket, connection: IpfixConnection, closing: () => boolean): Promise<void> {
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
    // Reset by the exporter, or closed by us: what is whole was taken.
  } finally {
    socket.destroy()
    connection.closed(framer.pending, closing())
  }
}
