import { createSocket, type Socket } from 'node:dgram'
import type { Exporter, Flow } from './flow.ts'

export class Device {
  readonly #exporter: Exporter
  readonly #socket: Socket
  readonly #port: number
  readonly #host: string

  private constructor(exporter: Exporter, socket: Socket, host: string, port: number) {
    this.#exporter = exporter
    this.#socket = socket
    this.#host = host
    this.#port = port
  }

  static async open(exporter: Exporter, to: string, from: string): Promise<Device> {
    const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(to) ?? []
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4').unref()
    await new Promise<void>((resolve) => {
      // With one loopback address, all devices share it.
      socket.once('error', () => resolve())
      if (host.startsWith('127.')) socket.bind({ address: from, port: 0 }, resolve)
      else resolve()
    })
    return new Device(exporter, socket, host, Number(port))
  }

  report(flows: readonly Flow[], now: number): void {
    for (const datagram of this.#exporter.datagrams(flows, now))
      this.#socket.send(datagram, this.#port, this.#host, () => {})
  }

  close(): void {
    this.#socket.close()
  }
}
