import { address, type Exporter, type Flow } from './flow.ts'

const headerBytes = 24
const recordBytes = 48
const mostRecords = 30

export class Netflow5Exporter implements Exporter {
  readonly #started: number
  #sequence = 0

  constructor(started: number) {
    this.#started = started
  }

  datagrams(flows: readonly Flow[], now: number): Buffer[] {
    const all: Buffer[] = []
    for (let from = 0; from < flows.length; from += mostRecords)
      all.push(this.#datagram(flows.slice(from, from + mostRecords), now))
    return all
  }

  #datagram(flows: readonly Flow[], now: number): Buffer {
    const uptime = now - this.#started
    const bytes = Buffer.alloc(headerBytes + recordBytes * flows.length)
    bytes.writeUInt16BE(5, 0)
    bytes.writeUInt16BE(flows.length, 2)
    bytes.writeUInt32BE(uptime >>> 0, 4)
    bytes.writeUInt32BE(Math.floor(now / 1000), 8)
    bytes.writeUInt32BE((now % 1000) * 1_000_000, 12)
    bytes.writeUInt32BE(this.#sequence, 16)
    // No sampling: mode 1, interval 1.
    bytes.writeUInt16BE(0x4001, 22)
    flows.forEach((flow, index) => record(bytes, headerBytes + recordBytes * index, flow, uptime))
    this.#sequence = (this.#sequence + flows.length) >>> 0
    return bytes
  }
}

function record(bytes: Buffer, at: number, flow: Flow, uptime: number) {
  bytes.writeUInt32BE(address(flow.src), at)
  bytes.writeUInt32BE(address(flow.dst), at + 4)
  bytes.writeUInt16BE(1, at + 12)
  bytes.writeUInt16BE(2, at + 14)
  bytes.writeUInt32BE(flow.packets, at + 16)
  bytes.writeUInt32BE(flow.bytes, at + 20)
  bytes.writeUInt32BE(Math.max(0, uptime - flow.duration) >>> 0, at + 24)
  bytes.writeUInt32BE(uptime >>> 0, at + 28)
  bytes.writeUInt16BE(flow.srcPort, at + 32)
  bytes.writeUInt16BE(flow.dstPort, at + 34)
  bytes.writeUInt8(flow.tcpFlags, at + 37)
  bytes.writeUInt8(flow.proto, at + 38)
}
