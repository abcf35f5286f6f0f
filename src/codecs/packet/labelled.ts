import { readIpv4, readIpv6 } from './ip.ts'
import { etherType, u16, type Packet } from './packet.ts'

/** Padding of a short frame and a checksum. */
const maxPadding = 50
/** Agents disagree on whether the length of a frame includes its checksum. */
const checksumBytes = 4
const controlWordBytes = 4

/** 802.1Q, 802.1ad and its pre-standard number. */
export function isTag(etype: number): boolean {
  return etype === 0x8100 || etype === 0x88a8 || etype === 0x9100
}

/**
 * Labels do not name their payload. It is IP, or Ethernet with or without a control word (RFC 4448), if the header
 * agrees with the frame. A first nibble of 4 or 6 can also be that of a MAC address (RFC 4928).
 */
export function readLabelled(bytes: Uint8Array, at: number, end: number, start: number, packet: Packet): void {
  const nibble = at < end ? (bytes[at] ?? 0) >> 4 : -1
  if (nibble === 4 || nibble === 6) {
    readAgreeing(bytes, at, end, start, packet)
    return
  }
  if (nibble === 0 && readInnerEthernet(bytes, at + controlWordBytes, end, start, packet)) return
  readInnerEthernet(bytes, at, end, start, packet)
}

/** Leaves the MAC addresses and VLANs of the outer frame. */
function readInnerEthernet(bytes: Uint8Array, from: number, end: number, start: number, packet: Packet): boolean {
  let at = from + 12
  while (end - at >= 4 && isTag(u16(bytes, at))) at += 4
  if (end - at < 2) return false
  const etype = u16(bytes, at)
  const version = etype === etherType.ipv4 ? 4 : etype === etherType.ipv6 ? 6 : 0
  if (version === 0 || end - at < 3 || (bytes[at + 2] ?? 0) >> 4 !== version) return false
  return readAgreeing(bytes, at + 2, end, start, packet)
}

function readAgreeing(bytes: Uint8Array, at: number, end: number, start: number, packet: Packet): boolean {
  if (!agrees(bytes, at, end, packet.frameEnd)) return false
  packet.linkBytes = at - start
  if ((bytes[at] ?? 0) >> 4 === 4) readIpv4(bytes, at, end, packet)
  else readIpv6(bytes, at, end, packet)
  return true
}

function agrees(bytes: Uint8Array, at: number, end: number, frameEnd: number): boolean {
  const isV4 = (bytes[at] ?? 0) >> 4 === 4
  if (end - at < (isV4 ? 4 : 6)) return false
  const header = isV4 ? ((bytes[at] ?? 0) & 15) * 4 : 40
  const length = isV4 ? u16(bytes, at + 2) : u16(bytes, at + 4) + header
  if (header < 20 || length < header) return false
  if (end - at - length > maxPadding) return false
  if (frameEnd === Infinity) return true
  const spare = frameEnd - at - length
  return spare >= -checksumBytes && spare <= maxPadding
}
