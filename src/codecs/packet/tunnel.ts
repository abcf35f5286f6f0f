import { etherType, ipProtocol, part, u16, u32, type Packet } from './packet.ts'

const [vxlanPort, vxlanOldPort, genevePort] = [4789, 8472, 6081]
const udpHeader = 8
const bridgedEthernet = 0x6558
const mplsUnicast = 0x8847

/** UDP ports of VXLAN (RFC 7348, and the port of Linux before it) and GENEVE (RFC 8926). */
export function isTunnelPort(port: number): boolean {
  return port === vxlanPort || port === vxlanOldPort || port === genevePort
}

/** Marks the packet in the payload `bytes[at … end)` of `packet`, a tunnel. Fewer bytes than its header: none. */
export function findInner(bytes: Uint8Array, at: number, end: number, packet: Packet): void {
  switch (packet.proto) {
    // IP in IP (RFC 2003, 2473), also behind a routing header of segments (RFC 8986).
    case ipProtocol.ipv4:
      return takeIp(bytes, 4, at, end, packet)
    case ipProtocol.ipv6:
      return takeIp(bytes, 6, at, end, packet)
    case ipProtocol.ethernet:
      return takeInner(packet, 'ethernet', at, end)
    case ipProtocol.gre:
      return findInGre(bytes, at, end, packet)
    case ipProtocol.udp:
      if (packet.dstPort === genevePort) findInGeneve(bytes, at + udpHeader, end, packet)
      else findInVxlan(bytes, at + udpHeader, end, packet)
  }
}

/** RFC 2784 and 2890; a key of NVGRE (RFC 7637) has the network in its upper 24 bits. */
function findInGre(bytes: Uint8Array, at: number, end: number, packet: Packet) {
  if (end - at < 4) return
  const flags = u16(bytes, at)
  // Routing and other versions are obsolete, or not IP.
  if ((flags & 0x4007) !== 0) return
  const protocol = u16(bytes, at + 2)
  const keyAt = at + 4 + ((flags & 0x8000) === 0 ? 0 : 4)
  const hasKey = (flags & 0x2000) !== 0
  const payload = keyAt + (hasKey ? 4 : 0) + ((flags & 0x1000) === 0 ? 0 : 4)
  if (payload > end) return
  if (hasKey && protocol === bridgedEthernet) takeNetwork(packet, u32(bytes, keyAt) >>> 8)
  takePayload(bytes, protocol, payload, end, packet)
}

function findInVxlan(bytes: Uint8Array, at: number, end: number, packet: Packet) {
  // Without bit 3 the network is not valid: another protocol uses the port.
  if (end - at < 8 || ((bytes[at] ?? 0) & 0x08) === 0) return
  takeNetwork(packet, u32(bytes, at + 4) >>> 8)
  takeInner(packet, 'ethernet', at + 8, end)
}

function findInGeneve(bytes: Uint8Array, at: number, end: number, packet: Packet) {
  const first = bytes[at] ?? 0
  if (end - at < 8 || first >> 6 !== 0) return
  takeNetwork(packet, u32(bytes, at + 4) >>> 8)
  takePayload(bytes, u16(bytes, at + 2), at + 8 + 4 * (first & 0x3f), end, packet)
}

function takePayload(bytes: Uint8Array, protocol: number, at: number, end: number, packet: Packet) {
  if (protocol === bridgedEthernet) takeInner(packet, 'ethernet', at, end)
  else if (protocol === etherType.ipv4) takeIp(bytes, 4, at, end, packet)
  else if (protocol === etherType.ipv6) takeIp(bytes, 6, at, end, packet)
  else if (protocol === mplsUnicast) takeInner(packet, 'mpls', at, end)
}

function takeIp(bytes: Uint8Array, version: number, at: number, end: number, packet: Packet) {
  if (at < end && (bytes[at] ?? 0) >> 4 === version) takeInner(packet, 'ip', at, end)
}

function takeInner(packet: Packet, kind: 'ethernet' | 'ip' | 'mpls', at: number, end: number) {
  if (at >= end) return
  packet.innerKind = kind
  packet.innerStart = at
  packet.innerEnd = end
  packet.parts |= part.inner
}

function takeNetwork(packet: Packet, vni: number) {
  packet.vni = vni
  packet.parts |= part.vni
}
