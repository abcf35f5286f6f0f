// An exporter of numbered flows: flow n reports n + 1 packets. It records the time of each datagram.
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { ExportLoad } from './flow-load/exports.ts'

export interface FlowSenderOptions {
  readonly port: number
  /** Flows per second. */
  readonly rate: number
  /** At most 30. */
  readonly perDatagram?: number
  /** Addresses per side. */
  readonly addresses?: number
  /** Its flows are sent instead, `perDatagram` of them in each datagram. */
  readonly load?: ExportLoad
}

const tickMs = 5

export class FlowSender {
  /** `performance.now()` of each datagram. */
  readonly sentAt: number[] = []
  readonly perDatagram: number
  readonly #options: FlowSenderOptions
  #socket: Socket | undefined
  #timer: NodeJS.Timeout | undefined
  #due = 0
  #last = 0

  constructor(options: FlowSenderOptions) {
    this.#options = options
    this.perDatagram = options.perDatagram ?? 30
  }

  /** Number of flows sent. */
  get sent(): number {
    return this.sentAt.length * this.perDatagram
  }

  timeOf(flow: number): number {
    return this.sentAt[Math.floor(flow / this.perDatagram)] ?? Number.NaN
  }

  async start(): Promise<void> {
    if (this.#socket === undefined) {
      this.#socket = createSocket('udp4')
      // The server may be down.
      this.#socket.on('error', () => {})
      this.#socket.connect(this.#options.port, '127.0.0.1')
      await once(this.#socket, 'connect')
    }
    this.#last = performance.now()
    this.#due = 0
    this.#timer ??= setInterval(() => this.#tick(), tickMs)
  }

  pause(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async close(): Promise<void> {
    this.pause()
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined) return
    socket.close()
    await once(socket, 'close')
  }

  send(): void {
    const datagram = this.#options.load?.next(Date.now()) ?? this.#datagram(this.sent)
    this.sentAt.push(performance.now())
    this.#socket?.send(datagram, () => {})
  }

  #tick(): void {
    const now = performance.now()
    this.#due += ((now - this.#last) / 1000) * this.#options.rate
    this.#last = now
    // No burst after a pause of the machine.
    this.#due = Math.min(this.#due, this.#options.rate / 4)
    for (; this.#due >= this.perDatagram; this.#due -= this.perDatagram) this.send()
  }

  #datagram(first: number): Buffer {
    const { addresses = 50_000 } = this.#options
    const bytes = Buffer.alloc(24 + 48 * this.perDatagram)
    const now = Date.now()
    const uptime = 3_600_000
    bytes.writeUInt16BE(5, 0)
    bytes.writeUInt16BE(this.perDatagram, 2)
    bytes.writeUInt32BE(uptime, 4)
    bytes.writeUInt32BE(Math.floor(now / 1000), 8)
    bytes.writeUInt32BE((now % 1000) * 1_000_000, 12)
    bytes.writeUInt32BE(first >>> 0, 16)
    for (let i = 0; i < this.perDatagram; i++) {
      const at = 24 + 48 * i
      const n = first + i
      const mixed = Math.imul(n + 1, 0x9e3779b1) >>> 0
      bytes.writeUInt32BE((0x0a000000 + (mixed % addresses)) >>> 0, at)
      bytes.writeUInt32BE((0xac100000 + ((mixed >>> 7) % addresses)) >>> 0, at + 4)
      bytes.writeUInt16BE(1 + (n % 8), at + 12)
      bytes.writeUInt16BE(9, at + 14)
      bytes.writeUInt32BE(n + 1, at + 16)
      bytes.writeUInt32BE(64 + (mixed % 100_000), at + 20)
      bytes.writeUInt32BE(uptime - 1000, at + 24)
      bytes.writeUInt32BE(uptime - 10, at + 28)
      bytes.writeUInt16BE(1024 + (mixed % 60_000), at + 32)
      bytes.writeUInt16BE([443, 80, 53, 5432][n % 4] ?? 443, at + 34)
      bytes.writeUInt8(0x1b, at + 37)
      bytes.writeUInt8(n % 4 === 2 ? 17 : 6, at + 38)
    }
    return bytes
  }
}
