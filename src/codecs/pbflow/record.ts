import { mappedPrefix } from '../../model/ip.ts'
import { WireReader } from '../proto-reader/index.ts'

/** Interfaces and network events of one flow that are read; the agent sends at most 6 and 4. */
const mostItems = 64

/** One flow of the agent. The object is reused; absent numbers are 0, as in proto3. */
export class AgentRecord {
  etype = 0
  direction = 0
  /** Unix ms with fractions; 0 is absent. */
  start = 0
  end = 0
  srcMacLow = 0
  srcMacHigh = 0
  dstMacLow = 0
  dstMacHigh = 0
  readonly srcAddr = new Uint32Array(4)
  readonly dstAddr = new Uint32Array(4)
  dscp = 0
  srcPort = 0
  dstPort = 0
  proto = 0
  bytesLow = 0
  bytesHigh = 0
  packetsLow = 0
  packetsHigh = 0
  readonly agent = new Uint32Array(4)
  flags = 0
  icmpType = 0
  icmpCode = 0
  dropBytesLow = 0
  dropBytesHigh = 0
  dropPacketsLow = 0
  dropPacketsHigh = 0
  dropFlags = 0
  dropState = 0
  dropCause = 0
  dnsId = 0
  dnsFlags = 0
  /** ms */
  dnsLatency = 0
  dnsErrno = 0
  /** ns */
  rtt = 0
  sampling = 0
  ipsec = 0
  ipsecReturn = 0
  tlsVersion = 0
  tlsMismatch = 0
  tlsTypes = 0
  tlsCipherSuite = 0
  tlsKeyShare = 0
  hasQuic = false
  quicVersion = 0
  quicLong = 0
  quicShort = 0
  readonly xlatSrcAddr = new Uint32Array(4)
  readonly xlatDstAddr = new Uint32Array(4)
  xlatSrcPort = 0
  xlatDstPort = 0
  xlatZone = 0
  readonly dnsName = new Uint32Array(2)
  readonly onlyInterface = new Uint32Array(2)
  interfaces = 0
  /** Per interface: start and end of its name, start and end of its network, its direction. */
  readonly interfaceSpans = new Uint32Array(5 * mostItems)
  events = 0
  /** Per event: start and end of its message. */
  readonly eventSpans = new Uint32Array(2 * mostItems)
  readonly #wire = new WireReader()

  read(bytes: Uint8Array, from: number, to: number): boolean {
    this.#clear()
    const wire = this.#wire
    wire.start(bytes, from)
    while (wire.next(to)) this.#field(wire, to)
    return !wire.failed && wire.at === to
  }

  #field(wire: WireReader, end: number) {
    switch (wire.field) {
      case 1:
        this.etype = wire.number(end)
        break
      case 2:
        this.direction = wire.number(end)
        break
      case 3:
        this.start = milliseconds(wire, end)
        break
      case 4:
        this.end = milliseconds(wire, end)
        break
      case 5:
        this.#dataLink(wire, wire.within(end))
        break
      case 6:
        this.#network(wire, wire.within(end))
        break
      case 7:
        this.#transport(wire, wire.within(end))
        break
      case 8:
        this.bytesLow = wire.number(end)
        this.bytesHigh = wire.high
        break
      case 9:
        this.packetsLow = wire.number(end)
        this.packetsHigh = wire.high
        break
      case 10:
        span(wire, end, this.onlyInterface, 0)
        break
      case 12:
        address(wire, wire.within(end), this.agent)
        break
      case 13:
        this.flags = wire.number(end)
        break
      case 14:
        this.icmpType = wire.number(end)
        break
      case 15:
        this.icmpCode = wire.number(end)
        break
      default:
        this.#feature(wire, end)
    }
  }

  /** Fields of features that an agent may have turned off. */
  #feature(wire: WireReader, end: number) {
    switch (wire.field) {
      case 16:
        this.dropBytesLow = wire.number(end)
        this.dropBytesHigh = wire.high
        break
      case 17:
        this.dropPacketsLow = wire.number(end)
        this.dropPacketsHigh = wire.high
        break
      case 18:
        this.dropFlags = wire.number(end)
        break
      case 19:
        this.dropState = wire.number(end)
        break
      case 20:
        this.dropCause = wire.number(end)
        break
      case 21:
        this.dnsId = wire.number(end)
        break
      case 22:
        this.dnsFlags = wire.number(end)
        break
      case 23:
        this.dnsLatency = milliseconds(wire, end)
        break
      case 24:
        this.rtt = nanoseconds(wire, end)
        break
      case 25:
        this.dnsErrno = wire.number(end)
        break
      case 26:
        this.#interface(wire, wire.within(end))
        break
      case 27:
        if (this.events < mostItems) span(wire, end, this.eventSpans, 2 * this.events++)
        else wire.skip(end)
        break
      case 28:
        this.#translation(wire, wire.within(end))
        break
      case 29:
        this.sampling = wire.number(end)
        break
      case 30:
        this.ipsec = wire.number(end)
        break
      case 31:
        this.ipsecReturn = wire.number(end) | 0
        break
      case 32:
        span(wire, end, this.dnsName, 0)
        break
      case 33:
        this.tlsVersion = wire.number(end)
        break
      case 34:
        this.tlsMismatch = wire.number(end)
        break
      case 35:
        this.tlsTypes = wire.number(end)
        break
      case 36:
        this.tlsCipherSuite = wire.number(end)
        break
      case 37:
        this.tlsKeyShare = wire.number(end)
        break
      case 38:
        this.#quic(wire, wire.within(end))
        break
      default:
        wire.skip(end)
    }
  }

  #dataLink(wire: WireReader, end: number) {
    while (wire.next(end)) {
      if (wire.field === 1) {
        this.srcMacLow = wire.number(end)
        this.srcMacHigh = wire.high
      } else if (wire.field === 2) {
        this.dstMacLow = wire.number(end)
        this.dstMacHigh = wire.high
      } else wire.skip(end)
    }
  }

  #network(wire: WireReader, end: number) {
    while (wire.next(end)) {
      if (wire.field === 1) address(wire, wire.within(end), this.srcAddr)
      else if (wire.field === 2) address(wire, wire.within(end), this.dstAddr)
      else if (wire.field === 3) this.dscp = wire.number(end)
      else wire.skip(end)
    }
  }

  #transport(wire: WireReader, end: number) {
    while (wire.next(end)) {
      if (wire.field === 1) this.srcPort = wire.number(end)
      else if (wire.field === 2) this.dstPort = wire.number(end)
      else if (wire.field === 3) this.proto = wire.number(end)
      else wire.skip(end)
    }
  }

  #interface(wire: WireReader, end: number) {
    if (end < 0) return
    if (this.interfaces === mostItems) {
      wire.at = end
      return
    }
    const at = 5 * this.interfaces++
    const spans = this.interfaceSpans
    spans[at] = spans[at + 1] = spans[at + 2] = spans[at + 3] = spans[at + 4] = 0
    while (wire.next(end)) {
      if (wire.field === 1) span(wire, end, this.interfaceSpans, at)
      else if (wire.field === 3) span(wire, end, this.interfaceSpans, at + 2)
      else if (wire.field === 2) this.interfaceSpans[at + 4] = wire.number(end)
      else wire.skip(end)
    }
  }

  #translation(wire: WireReader, end: number) {
    while (wire.next(end)) {
      if (wire.field === 1) address(wire, wire.within(end), this.xlatSrcAddr)
      else if (wire.field === 2) address(wire, wire.within(end), this.xlatDstAddr)
      else if (wire.field === 3) this.xlatSrcPort = wire.number(end)
      else if (wire.field === 4) this.xlatDstPort = wire.number(end)
      else if (wire.field === 5) this.xlatZone = wire.number(end)
      else wire.skip(end)
    }
  }

  #quic(wire: WireReader, end: number) {
    this.hasQuic = end >= 0
    while (wire.next(end)) {
      if (wire.field === 1) this.quicVersion = wire.number(end)
      else if (wire.field === 2) this.quicLong = wire.number(end)
      else if (wire.field === 3) this.quicShort = wire.number(end)
      else wire.skip(end)
    }
  }

  #clear() {
    this.etype = this.direction = this.start = this.end = 0
    this.srcMacLow = this.srcMacHigh = this.dstMacLow = this.dstMacHigh = 0
    zero(this.srcAddr)
    zero(this.dstAddr)
    zero(this.agent)
    this.dscp = this.srcPort = this.dstPort = this.proto = 0
    this.bytesLow = this.bytesHigh = this.packetsLow = this.packetsHigh = 0
    this.flags = this.icmpType = this.icmpCode = 0
    this.dropBytesLow = this.dropBytesHigh = this.dropPacketsLow = this.dropPacketsHigh = 0
    this.dropFlags = this.dropState = this.dropCause = 0
    this.dnsId = this.dnsFlags = this.dnsLatency = this.dnsErrno = this.rtt = 0
    this.sampling = this.ipsec = this.ipsecReturn = 0
    this.tlsVersion = this.tlsMismatch = this.tlsTypes = this.tlsCipherSuite = this.tlsKeyShare = 0
    this.hasQuic = false
    this.quicVersion = this.quicLong = this.quicShort = 0
    zero(this.xlatSrcAddr)
    zero(this.xlatDstAddr)
    this.xlatSrcPort = this.xlatDstPort = this.xlatZone = 0
    this.dnsName[0] = this.dnsName[1] = this.onlyInterface[0] = this.onlyInterface[1] = 0
    this.interfaces = this.events = 0
  }
}

/** `fill` of so few words costs more than the words. */
function zero(words: Uint32Array) {
  words[0] = words[1] = words[2] = words[3] = 0
}

/** Reads a `Timestamp` or `Duration` as ms, exact to the microsecond. */
function milliseconds(wire: WireReader, end: number): number {
  const to = wire.within(end)
  let seconds = 0
  let nanos = 0
  while (wire.next(to)) {
    if (wire.field === 1) {
      const low = wire.number(to)
      seconds = (wire.high | 0) * 0x1_0000_0000 + low
    } else if (wire.field === 2) nanos = wire.number(to) | 0
    else wire.skip(to)
  }
  return seconds * 1000 + Math.floor(nanos / 1000) / 1000
}

function nanoseconds(wire: WireReader, end: number): number {
  const to = wire.within(end)
  let total = 0
  while (wire.next(to)) {
    if (wire.field === 1) {
      const low = wire.number(to)
      total += ((wire.high | 0) * 0x1_0000_0000 + low) * 1e9
    } else if (wire.field === 2) total += wire.number(to) | 0
    else wire.skip(to)
  }
  return total
}

/** Reads an `IP` into four words; IPv4 is mapped. An IPv6 address of another length than 16 bytes is ignored. */
function address(wire: WireReader, end: number, into: Uint32Array) {
  while (wire.next(end)) {
    if (wire.field === 1 && wire.type === 5) {
      into[0] = into[1] = 0
      into[2] = mappedPrefix
      into[3] = wire.fixed32(end)
    } else if (wire.field === 2 && wire.type === 2) {
      const to = wire.within(end)
      if (to - wire.at === 16)
        for (let word = 0; word < 4; word++) into[word] = bigEndian(wire.bytes, wire.at + 4 * word)
      if (to >= 0) wire.at = to
    } else wire.skip(end)
  }
}

function bigEndian(bytes: Uint8Array, at: number) {
  const high = (bytes[at]! << 8) | bytes[at + 1]!
  return ((high << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

function span(wire: WireReader, end: number, into: Uint32Array, at: number) {
  const to = wire.within(end)
  if (to < 0) return
  into[at] = wire.at
  into[at + 1] = to
  wire.at = to
}
