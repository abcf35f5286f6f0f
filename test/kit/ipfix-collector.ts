// A stand-in for a collector, over UDP or TCP.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createServer as createTls, type TlsOptions } from 'node:tls'
import { IpfixReader, splitMessages, type IpfixRecord, type ReadMessage } from './ipfix-reader.ts'

export interface IpfixCollector {
  readonly port: number
  /** Of all sessions, in order. */
  readonly messages: readonly ReadMessage[]
  /** TCP connections accepted so far. */
  readonly connections: () => number
  /** Why something could not be read. */
  readonly problems: readonly string[]
  /** Data records without options. */
  records(): IpfixRecord[]
  /** Closes TCP connections; the port stays open. */
  disconnect(): void
  close(): Promise<void>
}

interface CollectorOptions {
  readonly port?: number
  readonly address?: string
  readonly tls?: TlsOptions
  /** Knows the templates from before a restart. */
  readonly reader?: IpfixReader
}

abstract class Collector implements IpfixCollector {
  readonly messages: ReadMessage[] = []
  readonly problems: string[] = []
  abstract readonly port: number

  records(): IpfixRecord[] {
    return this.messages.flatMap(({ records }) => records.filter(({ template }) => template < 258))
  }
  connections = (): number => 0
  disconnect(): void {}
  abstract close(): Promise<void>

  protected take(reader: IpfixReader, message: Buffer): void {
    try {
      this.messages.push(reader.read(message))
    } catch (error) {
      this.problems.push(String(error))
    }
  }
}

export async function udpCollector({
  port = 0,
  address = '127.0.0.1',
  reader = new IpfixReader(),
}: CollectorOptions = {}): Promise<IpfixCollector> {
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 4_194_304 })
  socket.bind(port, address)
  await once(socket, 'listening')
  return new (class extends Collector {
    readonly port = socket.address().port
    constructor() {
      super()
      socket.on('message', (message) => this.take(reader, message))
    }
    close(): Promise<void> {
      return new Promise((resolve) => socket.close(() => resolve()))
    }
  })()
}

export async function tcpCollector({
  port = 0,
  address = '127.0.0.1',
  tls,
}: CollectorOptions = {}): Promise<IpfixCollector> {
  const sockets = new Set<Socket>()
  let accepted = 0
  let taken = (_reader: IpfixReader, _message: Buffer): void => undefined
  const serve = (socket: Socket): void => {
    accepted++
    sockets.add(socket)
    const reader = new IpfixReader()
    let rest: Buffer = Buffer.alloc(0)
    socket.on('data', (piece: Buffer) => {
      const split = splitMessages(Buffer.concat([rest, piece]))
      rest = split.rest
      for (const message of split.messages) taken(reader, message)
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const server = tls === undefined ? createServer(serve) : createTls(tls, serve)
  server.listen(port, address)
  await once(server, 'listening')
  const made = new (class extends Collector {
    readonly port = (server.address() as AddressInfo).port
    override connections = (): number => accepted
    override disconnect(): void {
      for (const socket of sockets) socket.destroy()
    }
    override take(reader: IpfixReader, message: Buffer): void {
      super.take(reader, message)
    }
    async close(): Promise<void> {
      const closed = new Promise((resolve) => server.close(resolve))
      this.disconnect()
      await closed
    }
  })()
  taken = (reader, message) => made.take(reader, message)
  return made
}
