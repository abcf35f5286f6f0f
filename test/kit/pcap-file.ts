// Capture files and their frames, without code of Weir.

export interface Frame {
  readonly at: number
  readonly bytes: Uint8Array
  /** Bytes on the wire; default: those given. */
  readonly length?: number
}

/** A pcap file: microseconds, little-endian, Ethernet by default. */
export function pcapFile(frames: readonly Frame[], linkType = 1): Uint8Array {
  const file = Buffer.alloc(frames.reduce((sum, { bytes }) => sum + 16 + bytes.length, 24))
  file.writeUInt32LE(0xa1b2c3d4, 0)
  file.writeUInt16LE(2, 4)
  file.writeUInt16LE(4, 6)
  file.writeUInt32LE(65_535, 16)
  file.writeUInt32LE(linkType, 20)
  let at = 24
  for (const { at: time, bytes, length = bytes.length } of frames) {
    file.writeUInt32LE(Math.floor(time / 1e6), at)
    file.writeUInt32LE(time % 1e6, at + 4)
    file.writeUInt32LE(bytes.length, at + 8)
    file.writeUInt32LE(length, at + 12)
    file.set(bytes, at + 16)
    at += 16 + bytes.length
  }
  return file
}

export interface Packet {
  /** IPv4, or IPv6 with all eight groups or `::`. */
  readonly srcAddr: string
  readonly dstAddr: string
  readonly proto: number
  /** With ICMP: type and code. */
  readonly srcPort: number
  readonly dstPort: number
  readonly payload: number | Uint8Array
  readonly tcpFlags?: number
  readonly vlan?: number
  readonly tos?: number
  /** IP identification and TCP sequence. */
  readonly number?: number
}

const TCP = 6
const UDP = 17
const ethernet = 14

export function transportHeader(proto: number): number {
  return proto === TCP ? 20 : 8
}

/** Bytes from the IP header on, as exporters count. */
export function ipLength({ srcAddr, proto, payload }: Pick<Packet, 'srcAddr' | 'proto' | 'payload'>): number {
  return (
    (srcAddr.includes(':') ? 40 : 20) +
    transportHeader(proto) +
    (typeof payload === 'number' ? payload : payload.length)
  )
}

/** An Ethernet frame, cut after `snap` bytes, with its full length. A numeric payload is zeroes. */
export function frameOf(packet: Packet, snap = Infinity): { bytes: Uint8Array; length: number } {
  const { srcAddr, proto, srcPort, dstPort, payload, tcpFlags = 0, vlan, tos = 0, number = 0 } = packet
  const v6 = srcAddr.includes(':')
  const tag = vlan === undefined ? 0 : 4
  const ipHeader = v6 ? 40 : 20
  const headers = ethernet + tag + ipHeader + transportHeader(proto)
  const length = ethernet + tag + ipLength(packet)
  const frame = Buffer.alloc(Math.max(headers, Math.min(length, snap)))
  frame.writeUIntBE(0x02_00_00_00_00_02, 0, 6)
  frame.writeUIntBE(0x02_00_00_00_00_01, 6, 6)
  if (vlan !== undefined) {
    frame.writeUInt16BE(0x8100, 12)
    frame.writeUInt16BE(vlan, 14)
  }
  frame.writeUInt16BE(v6 ? 0x86dd : 0x0800, 12 + tag)
  const ip = frame.subarray(ethernet + tag)
  if (v6) writeV6(ip, packet, length - ethernet - tag - 40, tos)
  else writeV4(ip, packet, length - ethernet - tag, tos, number)
  const transport = ip.subarray(ipHeader)
  if (proto === TCP || proto === UDP) {
    transport.writeUInt16BE(srcPort, 0)
    transport.writeUInt16BE(dstPort, 2)
    if (proto === TCP) {
      transport.writeUInt32BE(number >>> 0, 4)
      transport[12] = 0x50
      transport[13] = tcpFlags
      transport.writeUInt16BE(65_535, 14)
    } else {
      // In UDP over IPv4, a checksum of zero means "none".
      transport.writeUInt16BE(length - headers + 8, 4)
    }
  } else {
    transport[0] = srcPort
    transport[1] = dstPort
  }
  if (typeof payload !== 'number') frame.set(payload.subarray(0, frame.length - headers), headers)
  return { bytes: frame, length }
}

function writeV4(ip: Buffer, { srcAddr, dstAddr, proto }: Packet, length: number, tos: number, number: number): void {
  ip[0] = 0x45
  ip[1] = tos
  ip.writeUInt16BE(length, 2)
  ip.writeUInt16BE(number & 0xffff, 4)
  ip[8] = 64
  ip[9] = proto
  for (const [address, at] of [
    [srcAddr, 12],
    [dstAddr, 16],
  ] as const) {
    for (const [index, part] of address.split('.').entries()) ip[at + index] = Number(part)
  }
  ip.writeUInt16BE(checksum(ip.subarray(0, 20)), 10)
}

function writeV6(ip: Buffer, { srcAddr, dstAddr, proto }: Packet, payload: number, tos: number): void {
  ip.writeUInt32BE((0x60000000 | (tos << 20)) >>> 0, 0)
  ip.writeUInt16BE(payload, 4)
  ip[6] = proto
  ip[7] = 64
  writeGroups(ip, 8, srcAddr)
  writeGroups(ip, 24, dstAddr)
}

function writeGroups(ip: Buffer, at: number, address: string): void {
  const [head = '', tail] = address.split('::')
  const groups = (text: string | undefined): string[] => (text === undefined || text === '' ? [] : text.split(':'))
  const [first, last] = [groups(head), groups(tail)]
  for (const [index, group] of first.entries()) ip.writeUInt16BE(Number.parseInt(group, 16), at + 2 * index)
  for (const [index, group] of last.entries())
    ip.writeUInt16BE(Number.parseInt(group, 16), at + 2 * (8 - last.length + index))
}

/** RFC 1071, with a zero checksum field. */
function checksum(header: Uint8Array): number {
  let sum = 0
  for (let at = 0; at < header.length; at += 2) sum += ((header[at] ?? 0) << 8) | (header[at + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
