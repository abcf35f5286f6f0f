// A packet capture whose truth is known: so many packets and bytes per 5-tuple, the same for the same seed.
// Real exporters replay it; what they report is compared with what was written here.

export interface CapturedFlow {
  readonly srcAddr: string
  readonly dstAddr: string
  readonly srcPort: number
  readonly dstPort: number
  /** 6 TCP, 17 UDP. */
  readonly proto: 6 | 17
  readonly packets: number
  /** Sum of the IPv4 total lengths: what an exporter reports as bytes (headers of layer 3 up, no Ethernet). */
  readonly bytes: number
  /** Every flag seen, or-ed. 0 for UDP. */
  readonly tcpFlags: number
}

export interface Capture {
  /** A pcap file (microseconds, Ethernet). */
  readonly pcap: Uint8Array
  readonly flows: readonly CapturedFlow[]
  readonly packets: number
  readonly bytes: number
}

export interface CaptureOptions {
  readonly seed: number
  /** Distinct 5-tuples. No flow is the reverse of another, so an exporter that joins directions sees as many. */
  readonly flows: number
  /** Packets per flow: 1 to this. Default 12. */
  readonly maxPackets?: number
  /** Milliseconds since 1970 of the first packet. Default 2024-03-01T00:00:00Z. */
  readonly start?: number
  /** Milliseconds from the first packet to the last; below an exporter's timeouts, or it splits flows. Default 20 s. */
  readonly span?: number
}

const ETHERNET = 14
const IPV4 = 20
const FIN = 0x01
const SYN = 0x02
const ACK = 0x10

interface Packet {
  readonly at: number
  readonly flow: number
  readonly payload: number
  readonly flags: number
}

export function buildCapture(options: CaptureOptions): Capture {
  const random = seeded(options.seed)
  const between = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1))
  const span = options.span ?? 20_000
  const flows: CapturedFlow[] = []
  const packets: Packet[] = []
  for (let flow = 0; flow < options.flows; flow++) {
    const proto = random() < 0.6 ? 6 : 17
    const count = between(1, options.maxPackets ?? 12)
    // Microseconds: strictly rising within a flow, so that its first packet is the one with SYN.
    const times = Array.from({ length: count }, () => between(0, span * 1000)).toSorted((a, b) => a - b)
    let bytes = 0
    let tcpFlags = 0
    for (const [index, at] of times.entries()) {
      const payload = between(0, 1400)
      const flags = proto === 17 ? 0 : (index === 0 ? SYN : ACK) | (index > 0 && index === count - 1 ? FIN : 0)
      packets.push({ at, flow, payload, flags })
      bytes += IPV4 + headerLength(proto) + payload
      tcpFlags |= flags
    }
    flows.push({
      // The number of the flow is in its addresses, which makes every 5-tuple unique.
      srcAddr: `10.${(flow >>> 16) & 0xff}.${(flow >>> 8) & 0xff}.${flow & 0xff}`,
      dstAddr: `192.168.${between(0, 255)}.${between(1, 254)}`,
      srcPort: between(1024, 65535),
      dstPort: [53, 80, 443, 5432, 8080][between(0, 4)] ?? 443,
      proto,
      packets: count,
      bytes,
      tcpFlags,
    })
  }
  packets.sort((a, b) => a.at - b.at || a.flow - b.flow)
  return {
    pcap: pcapFile(flows, packets, (options.start ?? Date.UTC(2024, 2, 1)) * 1000),
    flows,
    packets: packets.length,
    bytes: flows.reduce((sum, flow) => sum + flow.bytes, 0),
  }
}

function headerLength(proto: 6 | 17): number {
  return proto === 6 ? 20 : 8
}

/** `startMicros`: microseconds since 1970 that packet times are relative to. */
function pcapFile(flows: readonly CapturedFlow[], packets: readonly Packet[], startMicros: number): Uint8Array {
  const frameLength = (packet: Packet): number => ETHERNET + IPV4 + headerLength(flows[packet.flow]?.proto ?? 6) + packet.payload
  const size = packets.reduce((sum, packet) => sum + 16 + frameLength(packet), 24)
  const file = Buffer.alloc(size)
  // Global header: magic of microsecond captures, version 2.4, snap length, link type 1 (Ethernet).
  file.writeUInt32LE(0xa1b2c3d4, 0)
  file.writeUInt16LE(2, 4)
  file.writeUInt16LE(4, 6)
  file.writeUInt32LE(65_535, 16)
  file.writeUInt32LE(1, 20)
  let at = 24
  for (const [number, packet] of packets.entries()) {
    const flow = flows[packet.flow]
    if (flow === undefined) continue
    const length = frameLength(packet)
    const time = startMicros + packet.at
    file.writeUInt32LE(Math.floor(time / 1_000_000), at)
    file.writeUInt32LE(time % 1_000_000, at + 4)
    file.writeUInt32LE(length, at + 8)
    file.writeUInt32LE(length, at + 12)
    writeFrame(file.subarray(at + 16, at + 16 + length), flow, packet, number)
    at += 16 + length
  }
  return file
}

function writeFrame(frame: Buffer, flow: CapturedFlow, packet: Packet, number: number): void {
  // Locally administered addresses, then EtherType IPv4.
  frame.writeUIntBE(0x02_00_00_00_00_02, 0, 6)
  frame.writeUIntBE(0x02_00_00_00_00_01, 6, 6)
  frame.writeUInt16BE(0x0800, 12)

  const ip = frame.subarray(ETHERNET)
  ip[0] = 0x45
  ip.writeUInt16BE(ip.length, 2)
  ip.writeUInt16BE(number & 0xffff, 4)
  ip[8] = 64
  ip[9] = flow.proto
  writeAddress(ip, 12, flow.srcAddr)
  writeAddress(ip, 16, flow.dstAddr)
  ip.writeUInt16BE(checksum(ip.subarray(0, IPV4)), 10)

  const transport = ip.subarray(IPV4)
  transport.writeUInt16BE(flow.srcPort, 0)
  transport.writeUInt16BE(flow.dstPort, 2)
  if (flow.proto === 6) {
    transport.writeUInt32BE(number, 4)
    transport[12] = 0x50
    transport[13] = packet.flags
    transport.writeUInt16BE(65_535, 14)
  } else {
    // A checksum of zero means "none" in UDP over IPv4.
    transport.writeUInt16BE(transport.length, 4)
  }
}

function writeAddress(bytes: Buffer, at: number, address: string): void {
  for (const [index, part] of address.split('.').entries()) bytes[at + index] = Number(part)
}

/** RFC 1071, over the header with a zero checksum field. */
function checksum(header: Uint8Array): number {
  let sum = 0
  for (let at = 0; at < header.length; at += 2) sum += ((header[at] ?? 0) << 8) | (header[at + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/** A small generator of numbers in [0, 1): a Weyl sequence through an integer mixer. */
function seeded(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    mixed ^= mixed >>> 15
    return (mixed >>> 0) / 0x1_0000_0000
  }
}
