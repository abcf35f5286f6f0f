import type { Server, Socket } from 'node:net'

/** The open sockets of a server, those before a TLS handshake included. Call it before the server listens. */
export function openSockets(server: Server): ReadonlySet<Socket> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  return open
}
