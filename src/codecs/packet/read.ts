import { readIpv4, readIpv6 } from './ip.ts'
import { isTag, readLabelled } from './labelled.ts'
import { etherType, part, u16, u32, type Packet } from './packet.ts'

export type HeaderKind = 'ethernet' | 'ip' | 'mpls' | 'ppp'

const mplsUnicast = 0x8847
const mplsMulticast = 0x8848
const pppoeSession = 0x8864
/** Smaller numbers are 802.3 lengths. */
const minEtherType = 0x0600

/** `bytes[start … end)` may be cut anywhere. The packet in a tunnel is read into `packet.inner`. Never throws. */
export function readPacket(kind: HeaderKind, bytes: Uint8Array, start: number, end: number, packet: Packet): void {
  packet.clear()
  readCleared(kind, bytes, start, end, packet)
}

/** As {@link readPacket}, after {@link Packet.clear} with the end of the frame. */
export function readCleared(kind: HeaderKind, bytes: Uint8Array, start: number, end: number, packet: Packet): void {
  readHeaders(kind, bytes, start, end, packet)
  if (!packet.has(part.inner)) return
  packet.inner.clear()
  readHeaders(packet.innerKind, bytes, packet.innerStart, packet.innerEnd, packet.inner)
  if (!fits(packet, start)) packet.parts &= ~(part.inner | part.vni)
}

/** Other bytes at the port of a tunnel rarely have a length within that of the packet around them. */
function fits(packet: Packet, start: number): boolean {
  const { inner } = packet
  // The first fragment is shorter than the packet in it.
  if (!packet.has(part.length) || packet.has(part.fragment) || !inner.has(part.length)) return true
  return packet.innerStart + inner.linkBytes + inner.length <= start + packet.linkBytes + packet.length
}

function readHeaders(kind: HeaderKind, bytes: Uint8Array, start: number, end: number, packet: Packet): void {
  switch (kind) {
    case 'ethernet':
      return readEthernet(bytes, start, end, packet)
    case 'ip':
      return readIp(bytes, start, end, start, packet)
    case 'mpls':
      return readMpls(bytes, start, end, start, packet)
    case 'ppp':
      return readPpp(bytes, start, end, start, packet)
  }
}

function readEthernet(bytes: Uint8Array, start: number, end: number, packet: Packet) {
  packet.linkBytes = Math.min(14, end - start)
  if (end - start < 12) return
  packet.macs[0] = u32(bytes, start + 8)
  packet.macs[1] = u16(bytes, start + 6)
  packet.macs[2] = u32(bytes, start + 2)
  packet.macs[3] = u16(bytes, start)
  packet.parts |= part.macs
  let at = start + 12
  for (let tags = 0; end - at >= 2; tags++) {
    const etype = u16(bytes, at)
    at += 2
    packet.linkBytes = at - start
    if (!isTag(etype)) {
      if (etype < minEtherType) return
      packet.etype = etype
      packet.parts |= part.etype
      return readPayload(bytes, at, end, start, packet)
    }
    if (end - at < 2) return
    takeTag(packet, tags, u16(bytes, at) & 0x0fff)
    at += 2
  }
}

function takeTag(packet: Packet, tags: number, id: number) {
  // Id 0: priority without VLAN.
  if (tags > 1 || id === 0) return
  if (tags === 0) packet.vlan = id
  else packet.innerVlan = id
  packet.parts |= tags === 0 ? part.vlan : part.innerVlan
}

function readPayload(bytes: Uint8Array, at: number, end: number, start: number, packet: Packet) {
  switch (packet.etype) {
    case etherType.ipv4:
      return readIpv4(bytes, at, end, packet)
    case etherType.ipv6:
      return readIpv6(bytes, at, end, packet)
    case mplsUnicast:
    case mplsMulticast:
      return readMpls(bytes, at, end, start, packet)
    // Version, type, code, session, length.
    case pppoeSession:
      return readPpp(bytes, at + 6, end, start, packet)
  }
}

function readMpls(bytes: Uint8Array, from: number, end: number, start: number, packet: Packet) {
  for (let at = from; end - at >= 4;) {
    const entry = u32(bytes, at)
    at += 4
    packet.addLabel(entry >>> 12)
    packet.linkBytes = at - start
    // Bottom of the stack (bit 8).
    if ((entry & 0x100) !== 0) return readLabelled(bytes, at, end, start, packet)
  }
}

function readPpp(bytes: Uint8Array, from: number, end: number, start: number, packet: Packet) {
  // Optional address and control bytes (RFC 1662).
  let at = end - from >= 2 && u16(bytes, from) === 0xff03 ? from + 2 : from
  if (end - at < 2) return
  // A one-byte protocol number is odd (RFC 1661, section 6.5).
  const short = ((bytes[at] ?? 0) & 1) === 1
  const protocol = short ? (bytes[at] ?? 0) : u16(bytes, at)
  at += short ? 1 : 2
  packet.linkBytes = at - start
  switch (protocol) {
    case 0x0021:
      return readIpv4(bytes, at, end, packet)
    case 0x0057:
      return readIpv6(bytes, at, end, packet)
    case 0x0281:
      return readMpls(bytes, at, end, start, packet)
  }
}

function readIp(bytes: Uint8Array, at: number, end: number, start: number, packet: Packet) {
  packet.linkBytes = at - start
  if (at >= end) return
  const version = (bytes[at] ?? 0) >> 4
  if (version === 4) readIpv4(bytes, at, end, packet)
  else if (version === 6) readIpv6(bytes, at, end, packet)
}
