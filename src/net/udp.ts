import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { Host } from '../host/index.ts'
import { socketTable } from '../host/ports.ts'
import { parseIp } from '../model/ip.ts'
import { explainListen } from '../host/listen.ts'

/** Datagrams of one event loop iteration, in order. Item i of both lists belongs together. */
export type Datagrams = Readonly<{
  bytes: readonly Uint8Array[]
  from: readonly RemoteInfo[]
  /** Unix ms, one reading for all. */
  received: number
}>

export type UdpOptions = Readonly<{
  host: string
  port: number
  receiveBuffer: number
  /** Must be quick: meanwhile datagrams wait in the kernel's buffer. */
  onDatagrams(datagrams: Datagrams): void
  onError(error: Error): void
  environment: Pick<Host, 'clock' | 'timers'>
}>

export type UdpListener = Readonly<{
  host: string
  port: number
  receiveBuffer: number
  /** Datagrams dropped by the kernel since the socket was opened; undefined if the system does not report them. */
  drops(): Promise<number | undefined>
  close(): Promise<void>
}>

/** Resolves when the socket is bound. Rejects with WEIR_LISTEN_IN_USE, and the holder of the port if known. */
export async function listenUdp(options: UdpOptions): Promise<UdpListener> {
  const v6 = isIPv6(options.host)
  const socket = createSocket({ type: v6 ? 'udp6' : 'udp4', ipv6Only: false })
  await bind(socket, options)
  socket.on('error', (error) => options.onError(error))
  const drain = collect(socket, options)
  const { address, port } = socket.address()
  return {
    host: options.host,
    port,
    receiveBuffer: giveBuffer(socket, options.receiveBuffer),
    async drops() {
      const table = await socketTable(v6 ? 'udp6' : 'udp')
      return table.find((line) => line.port === port && line.address === kernelText(address))?.drops
    },
    close: () =>
      new Promise((resolve) =>
        socket.close(() => {
          drain()
          resolve()
        }),
      ),
  }
}

export function bufferShortage(listener: UdpListener, wanted: number): string | undefined {
  if (listener.receiveBuffer >= wanted) return undefined
  return (
    `The kernel gives UDP port ${listener.port} a receive buffer of ${kib(listener.receiveBuffer)} instead ` +
    `of ${kib(wanted)}; ` +
    `bursts may be lost before Weir sees them. Raise it with: sysctl -w net.core.rmem_max=${wanted}`
  )
}

function kib(bytes: number) {
  return `${Math.round(bytes / 1024)} KiB`
}

function giveBuffer(socket: Socket, wanted: number): number {
  try {
    socket.setRecvBufferSize(wanted)
  } catch {
    // Some systems fail above their limit; the size is read below.
  }
  const size = socket.getRecvBufferSize()
  // Linux reports double the size.
  return process.platform === 'linux' ? size / 2 : size
}

/** An address as in /proc/net, on a little-endian machine. */
function kernelText(address: string): string {
  const words = parseIp(address.replace(/%.*$/, ''))
  if (words === undefined) return ''
  const bytes = Buffer.alloc(16)
  words.forEach((word, index) => bytes.writeUInt32LE(word, 4 * index))
  return (address.includes(':') ? bytes : bytes.subarray(12)).toString('hex').toUpperCase()
}

async function bind(socket: Socket, { host, port }: UdpOptions) {
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind({ address: host, port, exclusive: true }, () => {
        socket.off('error', reject)
        resolve()
      })
    })
  } catch (error) {
    socket.close()
    throw await explainListen('udp', { host, port }, error)
  }
}

function collect(socket: Socket, options: UdpOptions): () => void {
  const { environment } = options
  let bytes: Uint8Array[] = []
  let from: RemoteInfo[] = []
  const drain = () => {
    if (bytes.length === 0) return
    const datagrams = { bytes, from, received: environment.clock.now() }
    bytes = []
    from = []
    options.onDatagrams(datagrams)
  }
  socket.on('message', (message, remote) => {
    bytes.push(message)
    from.push(remote)
    // Errors of one datagram do not stop the next ones.
    if (bytes.length === 1)
      environment.timers
        .yield()
        .then(drain)
        .catch((error: unknown) => options.onError(error instanceof Error ? error : new Error(String(error))))
  })
  return drain
}
