// Flow datagrams encoded from Traffic. The totals are expected in the stored rows.
import { Traffic, type TrafficOptions } from './traffic.ts'

export type LoadProtocol = 'netflow5' | 'netflow9' | 'ipfix' | 'ipfix6' | 'sflow5'
export const loadProtocols: readonly LoadProtocol[] = ['netflow5', 'netflow9', 'ipfix', 'ipfix6', 'sflow5']

export interface LoadOptions extends TrafficOptions {
  readonly protocol: LoadProtocol
  readonly perDatagram: number
  /** Datagrams between templates; the first has them. Default 200. */
  readonly templatesEvery?: number
}

const uptime = 3_600_000
const domain = 7
const samplingRate = 1000

type Field = readonly [id: number, length: number]

const v9Fields: readonly Field[] = [
  [8, 4],
  [12, 4],
  [10, 4],
  [14, 4],
  [2, 4],
  [1, 4],
  [22, 4],
  [21, 4],
  [7, 2],
  [11, 2],
  [6, 1],
  [4, 1],
  [5, 1],
  [61, 1],
  [16, 4],
  [17, 4],
]
const ipfixTail: readonly Field[] = [
  [7, 2],
  [11, 2],
  [4, 1],
  [6, 2],
  [5, 1],
  [10, 2],
  [14, 2],
  [1, 4],
  [2, 4],
  [152, 8],
  [153, 8],
  [61, 1],
]
const ipfixFields: readonly Field[] = [[8, 4], [12, 4], ...ipfixTail]
const ipfix6Fields: readonly Field[] = [[27, 16], [28, 16], ...ipfixTail]

export class ExportLoad {
  datagrams = 0
  flows = 0
  /** As reported, multiplied by the sampling rate. */
  bytes = 0
  packets = 0
  wireBytes = 0
  readonly #options: LoadOptions
  readonly #traffic: Traffic
  readonly #write: (now: number) => number
  readonly #buffer = Buffer.alloc(65_536)
  #sequence = 0

  constructor(options: LoadOptions) {
    this.#options = options
    this.#traffic = new Traffic(options)
    const writers = {
      netflow5: (now: number) => this.#netflow5(now),
      netflow9: (now: number) => this.#netflow9(now),
      ipfix: (now: number) => this.#ipfix(now, 256, ipfixFields),
      ipfix6: (now: number) => this.#ipfix(now, 257, ipfix6Fields),
      sflow5: (now: number) => this.#sflow5(now),
    }
    this.#write = writers[options.protocol]
  }

  /** The next datagram in a new buffer. `now`: Unix ms. */
  next(now: number): Buffer {
    const length = this.#write(now)
    this.datagrams++
    this.wireBytes += length
    return Buffer.from(this.#buffer.subarray(0, length))
  }

  #flow(): Traffic {
    const traffic = this.#traffic
    traffic.next()
    this.flows++
    this.bytes += traffic.bytes
    this.packets += traffic.packets
    return traffic
  }

  #netflow5(now: number): number {
    const bytes = this.#buffer
    const { perDatagram } = this.#options
    bytes.writeUInt16BE(5, 0)
    bytes.writeUInt16BE(perDatagram, 2)
    bytes.writeUInt32BE(uptime, 4)
    bytes.writeUInt32BE(Math.floor(now / 1000), 8)
    bytes.writeUInt32BE((now % 1000) * 1_000_000, 12)
    bytes.writeUInt32BE(this.flows >>> 0, 16)
    let at = 24
    for (let i = 0; i < perDatagram; i++, at += 48) {
      const flow = this.#flow()
      bytes.fill(0, at, at + 48)
      this.#common(flow, at)
      bytes.writeUInt16BE(flow.inIf, at + 12)
      bytes.writeUInt16BE(flow.outIf, at + 14)
      bytes[at + 37] = flow.tcpFlags
      bytes[at + 38] = flow.proto
      bytes.writeUInt16BE(flow.srcAs, at + 40)
      bytes.writeUInt16BE(flow.dstAs, at + 42)
    }
    return at
  }

  /** Fields at the same offsets in v5 and the v9 template. */
  #common(flow: Traffic, at: number): void {
    const bytes = this.#buffer
    bytes.writeUInt32BE(flow.srcAddr, at)
    bytes.writeUInt32BE(flow.dstAddr, at + 4)
    bytes.writeUInt32BE(flow.packets, at + 16)
    bytes.writeUInt32BE(flow.bytes, at + 20)
    bytes.writeUInt32BE(uptime - flow.startedAgo, at + 24)
    bytes.writeUInt32BE(uptime - flow.endedAgo, at + 28)
    bytes.writeUInt16BE(flow.srcPort, at + 32)
    bytes.writeUInt16BE(flow.dstPort, at + 34)
  }

  #netflow9(now: number): number {
    const bytes = this.#buffer
    const { perDatagram } = this.#options
    const withTemplate = this.#hasTemplate()
    bytes.writeUInt16BE(9, 0)
    bytes.writeUInt16BE(perDatagram + (withTemplate ? 1 : 0), 2)
    bytes.writeUInt32BE(uptime, 4)
    bytes.writeUInt32BE(Math.floor(now / 1000), 8)
    bytes.writeUInt32BE(this.datagrams >>> 0, 12)
    bytes.writeUInt32BE(domain, 16)
    let at = withTemplate ? this.#template(20, 0, 300, v9Fields) : 20
    const set = at
    bytes.writeUInt16BE(300, at)
    at += 4
    for (let i = 0; i < perDatagram; i++, at += 48) {
      const flow = this.#flow()
      this.#common(flow, at)
      bytes.writeUInt32BE(flow.inIf, at + 8)
      bytes.writeUInt32BE(flow.outIf, at + 12)
      bytes[at + 36] = flow.tcpFlags
      bytes[at + 37] = flow.proto
      bytes[at + 38] = 0
      bytes[at + 39] = 0
      bytes.writeUInt32BE(flow.srcAs, at + 40)
      bytes.writeUInt32BE(flow.dstAs, at + 44)
    }
    bytes.writeUInt16BE(at - set, set + 2)
    return at
  }

  #ipfix(now: number, template: number, fields: readonly Field[]): number {
    const bytes = this.#buffer
    const { perDatagram } = this.#options
    bytes.writeUInt16BE(10, 0)
    bytes.writeUInt32BE(Math.floor(now / 1000), 4)
    bytes.writeUInt32BE(this.#sequence >>> 0, 8)
    bytes.writeUInt32BE(domain, 12)
    this.#sequence += perDatagram
    let at = this.#hasTemplate() ? this.#template(16, 2, template, fields) : 16
    const set = at
    bytes.writeUInt16BE(template, at)
    at += 4
    for (let i = 0; i < perDatagram; i++) {
      const flow = this.#flow()
      for (const address of [flow.srcAddr, flow.dstAddr]) {
        if (fields === ipfix6Fields) {
          bytes.writeUInt32BE(0x20010db8, at)
          bytes.fill(0, at + 4, at + 12)
          at += 12
        }
        bytes.writeUInt32BE(address, at)
        at += 4
      }
      bytes.writeUInt16BE(flow.srcPort, at)
      bytes.writeUInt16BE(flow.dstPort, at + 2)
      bytes[at + 4] = flow.proto
      bytes.writeUInt16BE(flow.tcpFlags, at + 5)
      bytes[at + 7] = 0
      bytes.writeUInt16BE(flow.inIf, at + 8)
      bytes.writeUInt16BE(flow.outIf, at + 10)
      bytes.writeUInt32BE(flow.bytes, at + 12)
      bytes.writeUInt32BE(flow.packets, at + 16)
      writeMs(bytes, now - flow.startedAgo, at + 20)
      writeMs(bytes, now - flow.endedAgo, at + 28)
      bytes[at + 36] = 0
      at += 37
    }
    bytes.writeUInt16BE(at - set, set + 2)
    bytes.writeUInt16BE(at, 2)
    return at
  }

  #hasTemplate(): boolean {
    return this.datagrams % (this.#options.templatesEvery ?? 200) === 0
  }

  /** Writes a template set; returns its end. */
  #template(at: number, set: number, id: number, fields: readonly Field[]): number {
    const words = [set, 8 + 4 * fields.length, id, fields.length, ...fields.flat()]
    words.forEach((word, index) => this.#buffer.writeUInt16BE(word, at + 2 * index))
    return at + 2 * words.length
  }

  /** Samples of one packet each, with its first 128 bytes. */
  #sflow5(now: number): number {
    const bytes = this.#buffer
    const { perDatagram } = this.#options
    const words = (at: number, ...values: readonly number[]): number => {
      values.forEach((value, index) => bytes.writeUInt32BE(value >>> 0, at + 4 * index))
      return at + 4 * values.length
    }
    let at = words(0, 5, 1, 0xc0000201, 0, this.datagrams, now % 0x1_0000_0000, perDatagram)
    for (let i = 0; i < perDatagram; i++) {
      const traffic = this.#traffic
      traffic.next()
      const length = 40 + (traffic.bytes % 1400)
      this.flows++
      this.bytes += length
      this.packets++
      at = words(
        at,
        1,
        4 * 8 + 8 + 16 + 128,
        this.flows,
        3,
        samplingRate,
        this.flows * samplingRate,
        0,
        traffic.inIf,
        traffic.outIf,
        1,
        1,
        16 + 128,
        1,
        length + 18,
        4,
        128,
      )
      bytes.fill(0, at, at + 128)
      bytes.writeUIntBE(0x020000000002, at, 6)
      bytes.writeUIntBE(0x020000000001, at + 6, 6)
      bytes.writeUInt16BE(0x0800, at + 12)
      bytes[at + 14] = 0x45
      bytes.writeUInt16BE(length, at + 16)
      bytes[at + 22] = 64
      bytes[at + 23] = traffic.proto
      bytes.writeUInt32BE(traffic.srcAddr, at + 26)
      bytes.writeUInt32BE(traffic.dstAddr, at + 30)
      bytes.writeUInt16BE(traffic.srcPort, at + 34)
      bytes.writeUInt16BE(traffic.dstPort, at + 36)
      bytes[at + 46] = 0x50
      bytes[at + 47] = traffic.tcpFlags
      at += 128
    }
    return at
  }
}

function writeMs(bytes: Buffer, ms: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(ms / 0x1_0000_0000), at)
  bytes.writeUInt32BE(ms % 0x1_0000_0000, at + 4)
}
