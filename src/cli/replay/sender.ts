import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { isIPv6 } from 'node:net'
import type { CapturedDatagram } from '../../codecs/pcap/udp.ts'
import { CommandError } from '../client.ts'
import type { Target } from '../replay.ts'
import { messageOf } from '../../model/errors.ts'

const maxSockets = 512
const maxPendingSends = 256

/** One connected socket for each exporter address, port and destination: exporters stay distinct. */
export class ReplaySender {
  sent = 0
  /** Sends that the receiver refused because no process listens on the port. */
  refused = 0
  failed = 0
  lastError: Error | undefined
  readonly #address: string
  readonly #port: number | undefined
  readonly #sockets = new Map<string, Promise<Socket>>()
  #waiting = 0
  #room: (() => void) | undefined

  private constructor(address: string, port: number | undefined) {
    this.#address = address
    this.#port = port
  }

  static async open({ host, port }: Target): Promise<ReplaySender> {
    try {
      return new ReplaySender((await lookup(host)).address, port)
    } catch (error) {
      throw new CommandError(`${host} cannot be resolved: ${messageOf(error)}.`, [
        'Give --to an address, or a name that this machine resolves.',
      ])
    }
  }

  async send(datagram: CapturedDatagram): Promise<void> {
    const socket = await this.#socketOf(datagram)
    if (this.#waiting >= maxPendingSends) await new Promise<void>((resolve) => (this.#room = resolve))
    this.#waiting++
    socket.send(datagram.payload, (error) => {
      this.#waiting--
      if (error === null || error === undefined) this.sent++
      else this.#note(error)
      this.#room?.()
      this.#room = undefined
    })
  }

  async close(settle: () => Promise<void>): Promise<void> {
    while (this.#waiting > 0) await new Promise<void>((resolve) => (this.#room = resolve))
    await settle()
    for (const socket of await Promise.all(this.#sockets.values())) socket.close()
    this.#sockets.clear()
  }

  #socketOf({ srcAddr, srcPort, dstPort }: CapturedDatagram): Promise<Socket> {
    const port = this.#port ?? dstPort
    const connection = `${srcAddr} ${srcPort} ${port}`
    const key = this.#sockets.has(connection) || this.#sockets.size < maxSockets ? connection : `shared ${port}`
    let socket = this.#sockets.get(key)
    if (socket === undefined) {
      socket = this.#open(port)
      this.#sockets.set(key, socket)
    }
    return socket
  }

  #open(port: number): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = createSocket({ type: isIPv6(this.#address) ? 'udp6' : 'udp4', sendBufferSize: 4 * 1024 * 1024 })
      socket.once('error', reject)
      socket.connect(port, this.#address, () => {
        socket.off('error', reject)
        socket.on('error', (error) => this.#note(error))
        resolve(socket)
      })
    })
  }

  #note(error: Error) {
    this.lastError = error
    if ('code' in error && error.code === 'ECONNREFUSED') this.refused++
    else this.failed++
  }
}
