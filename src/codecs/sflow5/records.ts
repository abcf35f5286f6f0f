import { etherType, ipProtocol, part, u16, u32 } from '../packet/packet.ts'
import { readCleared, type HeaderKind } from '../packet/read.ts'
import { recordTag } from './format.ts'
import { parts, type Sample } from './sample.ts'

/** `unknown`: skipped by its length. `short`: ends before its last field. */
type Taken = 'taken' | 'unknown' | 'short'

const headerKinds: Readonly<Record<number, HeaderKind>> = {
  1: 'ethernet',
  7: 'ppp',
  11: 'ip',
  12: 'ip',
  13: 'mpls',
  14: 'ppp',
}

const ethernetBytes = 18

export function readRecord(tag: number, bytes: Uint8Array, at: number, end: number, sample: Sample): Taken {
  switch (tag) {
    case recordTag.header:
      return readHeader(bytes, at, end, sample)
    case recordTag.ethernet:
      return readEthernet(bytes, at, end, sample)
    case recordTag.ipv4:
      return readParsedIp(bytes, at, end, 4, sample)
    case recordTag.ipv6:
      return readParsedIp(bytes, at, end, 16, sample)
    case recordTag.switch:
      return readSwitch(bytes, at, end, sample)
    case recordTag.router:
      return readRouter(bytes, at, end, sample)
    case recordTag.gateway:
      return readGateway(bytes, at, end, sample)
    case recordTag.mpls:
      return readMpls(bytes, at, end, sample)
    case recordTag.nat:
      return readNat(bytes, at, end, sample)
    case recordTag.vlanTunnel:
      return readVlanTunnel(bytes, at, end, sample)
    case recordTag.natPorts:
      return readNatPorts(bytes, at, end, sample)
    default:
      return 'unknown'
  }
}

export function headerPadding(bytes: Uint8Array, at: number, end: number): number {
  return Math.max(0, end - at - 16 - u32(bytes, at + 12))
}

function readHeader(bytes: Uint8Array, at: number, end: number, sample: Sample): Taken {
  if (end - at < 16) return 'short'
  // A second header is of another layer.
  if ((sample.present & parts.header) !== 0) return 'unknown'
  const { packet } = sample
  sample.present |= parts.header
  sample.frameBytes = Math.max(0, u32(bytes, at + 4) - u32(bytes, at + 8))
  const kind = headerKinds[u32(bytes, at)]
  const length = u32(bytes, at + 12)
  packet.clear(at + 16 + sample.frameBytes)
  if (kind !== undefined) readCleared(kind, bytes, at + 16, Math.min(end, at + 16 + length), packet)
  return at + 16 + length > end ? 'short' : 'taken'
}

function readEthernet(bytes: Uint8Array, at: number, end: number, sample: Sample): Taken {
  if (end - at < 24) return 'short'
  const { packet } = sample
  if ((sample.present & parts.header) !== 0) return 'taken'
  sample.present |= parts.ethernet
  sample.frameBytes = Math.max(0, u32(bytes, at) - ethernetBytes)
  packet.macs[0] = u32(bytes, at + 6)
  packet.macs[1] = u16(bytes, at + 4)
  packet.macs[2] = u32(bytes, at + 14)
  packet.macs[3] = u16(bytes, at + 12)
  packet.parts |= part.macs
  if ((packet.parts & part.etype) === 0) packet.etype = u32(bytes, at + 20) & 0xffff
  packet.parts |= part.etype
  return 'taken'
}

/** A copied header takes precedence. */
function readParsedIp(bytes: Uint8Array, at: number, end: number, addressBytes: 4 | 16, sample: Sample): Taken {
  if (end - at < 24 + 2 * addressBytes) return 'short'
  const { packet } = sample
  if ((sample.present & parts.header) !== 0) return 'taken'
  sample.present |= parts.ip
  packet.etype = addressBytes === 4 ? etherType.ipv4 : etherType.ipv6
  packet.length = u32(bytes, at)
  packet.proto = u32(bytes, at + 4) & 0xff
  readWords(bytes, at + 8, addressBytes, packet.addresses, 0)
  readWords(bytes, at + 8 + addressBytes, addressBytes, packet.addresses, 4)
  const rest = at + 8 + 2 * addressBytes
  packet.parts |= part.etype | part.length | part.ip | part.proto
  packet.dscp = (u32(bytes, rest + 12) & 0xff) >> 2
  if (packet.proto === ipProtocol.tcp || packet.proto === ipProtocol.udp || packet.proto === ipProtocol.sctp) {
    packet.srcPort = u32(bytes, rest) & 0xffff
    packet.dstPort = u32(bytes, rest + 4) & 0xffff
    packet.parts |= part.ports
  }
  if (packet.proto === ipProtocol.tcp) {
    packet.tcpFlags = u32(bytes, rest + 8) & 0xff
    packet.parts |= part.tcpFlags
  }
  return 'taken'
}

function readSwitch(bytes: Uint8Array, at: number, end: number, sample: Sample): Taken {
  if (end - at < 16) return 'short'
  sample.srcVlan = vlanId(u32(bytes, at))
  sample.dstVlan = vlanId(u32(bytes, at + 8))
  return 'taken'
}

/** Some agents write 0 or all ones without a tag. */
function vlanId(value: number) {
  return value > 0 && value < 4095 ? value : 0
}

function readRouter(bytes: Uint8Array, at: number, end: number, sample: Sample): Taken {
  const next = readAddress(bytes, at, end, sample.nextHop, 0)
  if (next < 0 || end - next < 8) return 'short'
  if (u32(bytes, at) !== 0) sample.present |= parts.nextHop
  sample.srcMask = Math.min(u32(bytes, next), 128)
  sample.dstMask = Math.min(u32(bytes, next + 4), 128)
  sample.present |= parts.router
  return 'taken'
}

/** Next hop, own, source and peer AS, path segments { type, numbers }, communities, preference. */
function readGateway(bytes: Uint8Array, start: number, end: number, sample: Sample): Taken {
  const at = readAddress(bytes, start, end, sample.bgpNextHop, 0)
  if (at < 0 || end - at < 16) return 'short'
  if (u32(bytes, start) !== 0) sample.present |= parts.bgpNextHop
  const own = u32(bytes, at)
  const source = u32(bytes, at + 4)
  // 0, and an empty path, are the router's own AS.
  sample.srcAs = source === 0 ? own : source
  sample.present |= parts.gateway
  let segment = at + 16
  for (let left = u32(bytes, at + 12); left > 0; left--) {
    if (end - segment < 8) return 'short'
    const next = segment + 8 + 4 * u32(bytes, segment + 4)
    if (next > end) return 'short'
    if (next > segment + 8) {
      sample.dstAs = u32(bytes, next - 4)
      sample.present |= parts.dstAs
    }
    segment = next
  }
  if ((sample.present & parts.dstAs) === 0 && own !== 0) {
    sample.dstAs = own
    sample.present |= parts.dstAs
  }
  return 'taken'
}

/** Reads the received label stack; a flow has no field for the sent one. */
function readMpls(bytes: Uint8Array, start: number, end: number, sample: Sample): Taken {
  const at = readAddress(bytes, start, end, sample.nextHop, 0)
  if (at < 0 || end - at < 4) return 'short'
  if (u32(bytes, start) !== 0) sample.present |= parts.nextHop
  const count = u32(bytes, at)
  if (end - at - 4 < 4 * count) return 'short'
  sample.labelCount = Math.min(count, sample.labels.length)
  for (let i = 0; i < sample.labelCount; i++) sample.labels[i] = u32(bytes, at + 4 + 4 * i) >>> 12
  return 'taken'
}

function readNat(bytes: Uint8Array, at: number, end: number, sample: Sample): Taken {
  const next = readAddress(bytes, at, end, sample.nat, 0)
  if (next < 0 || readAddress(bytes, next, end, sample.nat, 4) < 0) return 'short'
  if (u32(bytes, at) !== 0 && u32(bytes, next) !== 0) sample.present |= parts.natAddresses
  return 'taken'
}

function readNatPorts(bytes: Uint8Array, at: number, end: number, sample: Sample): Taken {
  if (end - at < 8) return 'short'
  sample.natSrcPort = u32(bytes, at) & 0xffff
  sample.natDstPort = u32(bytes, at + 4) & 0xffff
  sample.present |= parts.natPorts
  return 'taken'
}

/** Stripped tags, outermost first; EtherType in the upper half. */
function readVlanTunnel(bytes: Uint8Array, at: number, end: number, sample: Sample): Taken {
  if (end - at < 4) return 'short'
  const count = u32(bytes, at)
  if (end - at - 4 < 4 * count) return 'short'
  sample.outerTag = count > 0 ? u32(bytes, at + 4) & 0x0fff : 0
  sample.secondTag = count > 1 ? u32(bytes, at + 8) & 0x0fff : 0
  return 'taken'
}

/** 0 none, 1 IPv4, 2 IPv6. Returns the offset after it; -1 if truncated or unknown. */
function readAddress(bytes: Uint8Array, at: number, end: number, words: Uint32Array, offset: number): number {
  if (end - at < 4) return -1
  const kind = u32(bytes, at)
  if (kind === 0) return at + 4
  const size = kind === 1 ? 4 : kind === 2 ? 16 : undefined
  if (size === undefined || end - at < 4 + size) return -1
  readWords(bytes, at + 4, size, words, offset)
  return at + 4 + size
}

function readWords(bytes: Uint8Array, at: number, size: 4 | 16, words: Uint32Array, offset: number) {
  if (size === 4) {
    words[offset] = words[offset + 1] = 0
    words[offset + 2] = 0xffff
    words[offset + 3] = u32(bytes, at)
  } else for (let word = 0; word < 4; word++) words[offset + word] = u32(bytes, at + 4 * word)
}
