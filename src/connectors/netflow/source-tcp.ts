import { createServer, type Server, type Socket } from 'node:net'
import { explainListen } from '../../host/listen.ts'
import { formatHostPort, type HostPort } from '../../schema/index.ts'
import type { Exporter } from './source-exporters.ts'

/** What is to be done with what connections bring. */
export interface IpfixTcpEvents {
  /** Undefined: this address may not send. */
  seen(address: string): Exporter | undefined
  /** Whole messages and the bytes of one piece of a stream. */
  undecoded(exporter: Exporter, messages: number, bytes: number): void
  /** The stream is no IPFIX: its connection is closed, because there is no way to find the next message in it. */
  malformed(exporter: Exporter): void
  refused(): void
}

export interface IpfixTcp {
  readonly address: string
  close(): Promise<void>
}

const mostConnections = 1024
const shortestMessage = 16

/** Accepts IPFIX exporters (RFC 7011, section 10.4: messages one after the other) and counts their messages. */
export async function listenIpfixTcp(place: HostPort, events: IpfixTcpEvents): Promise<IpfixTcp> {
  const connections = new Set<Socket>()
  const server = createServer((socket) => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
    // An exporter that resets its connection is no trouble of ours.
    socket.on('error', () => socket.destroy())
    take(socket, events)
  })
  server.maxConnections = mostConnections
  await listening(server, place)
  const bound = server.address()
  return {
    address: formatHostPort({ host: place.host, port: typeof bound === 'object' && bound !== null ? bound.port : place.port }),
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      for (const socket of connections) socket.destroy()
    }),
  }
}

async function listening(server: Server, place: HostPort): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ ...place, exclusive: true }, () => {
        server.off('error', reject)
        resolve()
      })
    })
  } catch (error) {
    throw await explainListen('tcp', place, error)
  }
}

function take(socket: Socket, events: IpfixTcpEvents): void {
  const { remoteAddress } = socket
  const exporter = remoteAddress === undefined ? undefined : events.seen(remoteAddress)
  if (exporter === undefined) {
    events.refused()
    socket.destroy()
    return
  }
  const count = messageCounter()
  socket.on('data', (piece) => {
    const messages = count(piece)
    if (messages < 0) {
      events.malformed(exporter)
      socket.destroy()
    } else {
      events.undecoded(exporter, messages, piece.length)
    }
  })
}

/** Counts the messages that a piece of the stream completes, keeping nothing but the head of the next; -1: no IPFIX. */
function messageCounter(): (piece: Uint8Array) => number {
  let head = 0
  let headBytes = 0
  let left = 0
  return (piece) => {
    let messages = 0
    for (let at = 0; at < piece.length;) {
      if (left > 0) {
        const step = Math.min(left, piece.length - at)
        at += step
        left -= step
        if (left === 0) messages++
        continue
      }
      head = ((head << 8) | (piece[at++] ?? 0)) >>> 0
      if (++headBytes < 4) continue
      const length = head & 0xffff
      if (head >>> 16 !== 10 || length < shortestMessage) return -1
      left = length - 4
      head = headBytes = 0
    }
    return messages
  }
}
