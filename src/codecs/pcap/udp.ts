import { formatIp } from '../../model/ip.ts'
import type { CapturedPacket } from './packet.ts'

export type CapturedDatagram = Readonly<{
  srcAddr: string
  dstAddr: string
  srcPort: number
  dstPort: number
  payload: Uint8Array
}>

/** `fragment`: not reassembled. `cut`: truncated by the capture. `link`: unknown link layer. */
export type NoDatagram = 'other' | 'fragment' | 'cut' | 'link'

const ethernet = 1
const vlanTypes = new Set([0x8100, 0x88a8, 0x9100])
const v4Type = 0x0800
const v6Type = 0x86dd
const udp = 17
const extensions = new Set([0, 43, 60])

export function findDatagram({ bytes, length, linkType }: CapturedPacket): CapturedDatagram | NoDatagram {
  const at = networkOffset(bytes, linkType)
  if (typeof at === 'string') return at
  const ip = bytes.subarray(at)
  const short = bytes.length < length ? 'cut' : 'other'
  const version = (ip[0] ?? 0) >> 4
  if (version === 4) return inV4(ip, short)
  if (version === 6) return inV6(ip, short)
  return ip.length === 0 ? short : 'other'
}

function u16(bytes: Uint8Array, at: number) {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}

function networkOffset(bytes: Uint8Array, linkType: number): number | NoDatagram {
  const fits = (type: number, at: number): number | NoDatagram => (type === v4Type || type === v6Type ? at : 'other')
  switch (linkType) {
    case ethernet: {
      let at = 12
      while (vlanTypes.has(u16(bytes, at)) && at + 4 <= bytes.length) at += 4
      return fits(u16(bytes, at), at + 2)
    }
    // BSD loopback: family in host byte order.
    case 0:
    case 108:
      return 4
    case 12:
    case 14:
    case 101:
    case 228:
    case 229:
      return 0
    case 113:
      return fits(u16(bytes, 14), 16)
    case 276:
      return fits(u16(bytes, 0), 20)
    default:
      return 'link'
  }
}

/** `short`: the result if bytes are missing. */
function inV4(ip: Uint8Array, short: NoDatagram): CapturedDatagram | NoDatagram {
  const header = ((ip[0] ?? 0) & 0x0f) * 4
  if (ip.length < 20) return short
  if (ip[9] !== udp) return 'other'
  if ((u16(ip, 6) & 0x3fff) !== 0) return 'fragment'
  return inUdp(ip.subarray(header), short, textV4(ip, 12), textV4(ip, 16))
}

function inV6(ip: Uint8Array, short: NoDatagram): CapturedDatagram | NoDatagram {
  if (ip.length < 40) return short
  let next = ip[6] ?? 0
  let at = 40
  while (extensions.has(next) && at + 8 <= ip.length) {
    next = ip[at] ?? 0
    at += ((ip[at + 1] ?? 0) + 1) * 8
  }
  if (next === 44) return ip[at] === udp ? 'fragment' : 'other'
  if (next !== udp) return 'other'
  return inUdp(ip.subarray(at), short, textV6(ip, 8), textV6(ip, 24))
}

function inUdp(
  segment: Uint8Array,
  short: NoDatagram,
  srcAddr: string,
  dstAddr: string,
): CapturedDatagram | NoDatagram {
  const length = u16(segment, 4)
  if (segment.length < 8 || length > segment.length) return short
  if (length < 8) return 'other'
  return { srcAddr, dstAddr, srcPort: u16(segment, 0), dstPort: u16(segment, 2), payload: segment.subarray(8, length) }
}

function textV4(bytes: Uint8Array, at: number) {
  return bytes.subarray(at, at + 4).join('.')
}

function textV6(bytes: Uint8Array, at: number) {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 16)
  return formatIp(Uint32Array.of(view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)))
}
