// sFlow v5: one packet in a hundred, with its headers.
import { address, type Exporter, type Flow } from './flow.ts'

/** Ends of a VXLAN tunnel. */
export type Tunnel = Readonly<{ from: string; to: string; vniOf: (flow: Flow) => number }>

const oneIn = 100
const vlan = 30
const headerBytes = 18 + 20 + 20
const samplesPerDatagram = 6

export class SflowAgent implements Exporter {
  readonly #started: number
  readonly #agent: string
  readonly #tunnel: Tunnel | undefined
  #sequence = 0
  #samples = 0
  #pool = 0
  #rest = 0

  constructor(started: number, agent = '10.20.3.1', tunnel?: Tunnel) {
    this.#started = started
    this.#agent = agent
    this.#tunnel = tunnel
  }

  datagrams(flows: readonly Flow[], now: number): Buffer[] {
    const samples: Buffer[] = []
    for (const flow of flows) {
      this.#pool += flow.packets
      this.#rest += flow.packets
      for (; this.#rest >= oneIn; this.#rest -= oneIn) samples.push(this.#sample(flow))
    }
    const all: Buffer[] = []
    for (let from = 0; from < samples.length; from += samplesPerDatagram)
      all.push(this.#datagram(samples.slice(from, from + samplesPerDatagram), now))
    return all
  }

  #datagram(samples: readonly Buffer[], now: number): Buffer {
    const agent = address(this.#agent)
    return Buffer.concat([longs(5, 1, agent, 0, ++this.#sequence, now - this.#started, samples.length), ...samples])
  }

  #sample(flow: Flow): Buffer {
    const frame = Math.max(64, Math.round(flow.bytes / flow.packets) + 18)
    const header = this.#tunnel === undefined ? packet(flow, frame - 18) : tunnelled(flow, frame - 18, this.#tunnel)
    const padded = Buffer.concat([header, Buffer.alloc((4 - (header.length % 4)) % 4)])
    const length = frame + (this.#tunnel === undefined ? 0 : header.length - headerBytes)
    const record = Buffer.concat([longs(1, 16 + padded.length, 1, length, 4, header.length), padded])
    const body = Buffer.concat([longs(++this.#samples, 3, oneIn, this.#pool, 0, 3, 4, 1), record])
    return Buffer.concat([longs(1, body.length), body])
  }
}

function longs(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, index) => bytes.writeUInt32BE(value >>> 0, 4 * index))
  return bytes
}

function packet(flow: Flow, length: number): Buffer {
  const bytes = Buffer.alloc(headerBytes)
  bytes.writeUIntBE(0x020000000000 + address(flow.dst), 0, 6)
  bytes.writeUIntBE(0x020000000000 + address(flow.src), 6, 6)
  bytes.writeUInt16BE(0x8100, 12)
  bytes.writeUInt16BE(vlan, 14)
  bytes.writeUInt16BE(0x0800, 16)
  bytes.writeUInt8(0x45, 18)
  bytes.writeUInt16BE(length, 20)
  bytes.writeUInt8(64, 26)
  bytes.writeUInt8(flow.proto, 27)
  bytes.writeUInt32BE(address(flow.src), 30)
  bytes.writeUInt32BE(address(flow.dst), 34)
  bytes.writeUInt16BE(flow.srcPort, 38)
  bytes.writeUInt16BE(flow.dstPort, 40)
  bytes.writeUInt8(0x50, 50)
  bytes.writeUInt8(0x10, 51)
  return bytes
}

const vxlanPort = 4789

/** Outer Ethernet, IPv4, UDP and VXLAN before the packet without its VLAN. */
function tunnelled(flow: Flow, length: number, { from, to, vniOf }: Tunnel): Buffer {
  const inner = packet(flow, length)
  const untagged = Buffer.concat([inner.subarray(0, 12), inner.subarray(16)])
  const outer = Buffer.alloc(14 + 20 + 8 + 8)
  outer.writeUIntBE(0x020000000000 + address(to), 0, 6)
  outer.writeUIntBE(0x020000000000 + address(from), 6, 6)
  outer.writeUInt16BE(0x0800, 12)
  outer.writeUInt8(0x45, 14)
  outer.writeUInt16BE(20 + 8 + 8 + 14 + length, 16)
  outer.writeUInt8(64, 22)
  outer.writeUInt8(17, 23)
  outer.writeUInt32BE(address(from), 26)
  outer.writeUInt32BE(address(to), 30)
  outer.writeUInt16BE(49_152 + (flow.srcPort % 16_384), 34)
  outer.writeUInt16BE(vxlanPort, 36)
  outer.writeUInt16BE(8 + 8 + 14 + length, 38)
  outer.writeUInt8(0x08, 42)
  outer.writeUIntBE(vniOf(flow), 46, 3)
  return Buffer.concat([outer, untagged])
}
