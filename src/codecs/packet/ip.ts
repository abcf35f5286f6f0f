import { etherType, ipProtocol, part, u16, u32, type Packet } from './packet.ts'
import { findInner, isTunnelPort } from './tunnel.ts'

const v4Mapped = 0xffff

/** Bytes from `end` on were not captured. */
export function readIpv4(bytes: Uint8Array, at: number, end: number, packet: Packet): void {
  packet.etype = etherType.ipv4
  packet.parts |= part.etype
  if (end - at < 4 || (bytes[at] ?? 0) >> 4 !== 4) return
  const headerBytes = ((bytes[at] ?? 0) & 15) * 4
  if (headerBytes < 20) return
  takeLength(packet, u16(bytes, at + 2), headerBytes)
  if (end - at < 20) return
  packet.dscp = (bytes[at + 1] ?? 0) >> 2
  packet.ttl = bytes[at + 8] ?? 0
  packet.proto = bytes[at + 9] ?? 0
  const addresses = packet.addresses
  addresses[0] = addresses[1] = addresses[4] = addresses[5] = 0
  addresses[2] = addresses[6] = v4Mapped
  addresses[3] = u32(bytes, at + 12)
  addresses[7] = u32(bytes, at + 16)
  packet.parts |= part.ip | part.ttl | part.proto
  const fragment = u16(bytes, at + 6)
  // Bit 13: more fragments follow.
  if ((fragment & 0x3fff) !== 0) takeFragment(packet, u16(bytes, at + 4), fragment & 0x1fff)
  if ((fragment & 0x1fff) === 0) readTransport(bytes, at + headerBytes, contentEnd(packet, at, end), packet)
}

/** With extension headers (RFC 8200, section 4). */
export function readIpv6(bytes: Uint8Array, at: number, end: number, packet: Packet): void {
  packet.etype = etherType.ipv6
  packet.parts |= part.etype
  if (end - at < 6 || (bytes[at] ?? 0) >> 4 !== 6) return
  const payload = u16(bytes, at + 4)
  // 0: a jumbogram, or assembled by an offload.
  takeLength(packet, payload === 0 ? 0 : payload + 40, 40)
  if (end - at < 40) return
  packet.dscp = (u16(bytes, at) >> 6) & 0x3f
  packet.flowLabel = u32(bytes, at) & 0xfffff
  packet.ttl = bytes[at + 7] ?? 0
  for (let word = 0; word < 8; word++) packet.addresses[word] = u32(bytes, at + 8 + 4 * word)
  packet.parts |= part.ip | part.ttl
  readExtensions(bytes, at + 40, contentEnd(packet, at, end), bytes[at + 6] ?? 0, packet)
}

function readExtensions(bytes: Uint8Array, start: number, end: number, first: number, packet: Packet) {
  let at = start
  let next = first
  for (;;) {
    const size = extensionBytes(bytes, at, end, next)
    if (size === 0) break
    if (size < 0) return
    if (next === fragmentHeader) {
      const offset = u16(bytes, at + 2) >> 3
      takeFragment(packet, u32(bytes, at + 4), offset)
      next = bytes[at] ?? 0
      if (offset !== 0) {
        packet.proto = next
        packet.parts |= part.proto
        return
      }
    } else next = bytes[at] ?? 0
    at += size
  }
  packet.proto = next
  packet.parts |= part.proto
  readTransport(bytes, at, end, packet)
}

const fragmentHeader = 44
const authentication = 51

/** 0 if it is no extension header, -1 if incomplete. */
function extensionBytes(bytes: Uint8Array, at: number, end: number, number: number): number {
  switch (number) {
    // Hop-by-hop, routing, destination options, mobility, host identity, shim6.
    case 0:
    case 43:
    case 60:
    case 135:
    case 139:
    case 140:
      return end - at < 8 ? -1 : ((bytes[at + 1] ?? 0) + 1) * 8
    case fragmentHeader:
      return end - at < 8 ? -1 : 8
    case authentication:
      return end - at < 8 ? -1 : ((bytes[at + 1] ?? 0) + 2) * 4
    default:
      return 0
  }
}

function readTransport(bytes: Uint8Array, at: number, end: number, packet: Packet) {
  const size = end - at
  switch (packet.proto) {
    case ipProtocol.tcp:
      if (size >= 14) {
        packet.tcpFlags = bytes[at + 13] ?? 0
        packet.parts |= part.tcpFlags
      }
      readPorts(bytes, at, size, packet)
      return
    case ipProtocol.udp:
      readPorts(bytes, at, size, packet)
      if (size >= 4 && isTunnelPort(packet.dstPort)) findInner(bytes, at, end, packet)
      return
    case ipProtocol.sctp:
      readPorts(bytes, at, size, packet)
      return
    case ipProtocol.ipv4:
    case ipProtocol.ipv6:
    case ipProtocol.gre:
    case ipProtocol.ethernet:
      findInner(bytes, at, end, packet)
      return
    case ipProtocol.icmp:
    case ipProtocol.icmp6:
      if (size < 2) return
      packet.icmpType = bytes[at] ?? 0
      packet.icmpCode = bytes[at + 1] ?? 0
      packet.parts |= part.icmp
  }
}

function readPorts(bytes: Uint8Array, at: number, size: number, packet: Packet) {
  if (size < 4) return
  packet.srcPort = u16(bytes, at)
  packet.dstPort = u16(bytes, at + 2)
  packet.parts |= part.ports
}

/** Segmentation offload reports 0: unknown. */
function takeLength(packet: Packet, length: number, headerBytes: number) {
  if (length < headerBytes) return
  packet.length = length
  packet.parts |= part.length
}

function takeFragment(packet: Packet, id: number, offset: number) {
  packet.fragmentId = id
  packet.fragmentOffset = offset
  packet.parts |= part.fragment
}

/** Short frames are padded beyond the IP packet. */
function contentEnd(packet: Packet, at: number, end: number) {
  return (packet.parts & part.length) === 0 ? end : Math.min(end, at + packet.length)
}
