import { isSpecified } from '../../model/ip.ts'
import type { FlowBuilder } from '../../model/flow-builder.ts'
import { put16, put32, put64, put8, putIp } from '../packet/put.ts'
import { StringCodes } from '../templates/strings.ts'
import { eventsText } from './events.ts'
import {
  dnsRcodeName,
  dropCauseName,
  tcpStateName,
  tlsCipherSuiteName,
  tlsGroupName,
  tlsTypes,
  mismatchedTlsVersionName,
  tlsVersionName,
} from './names.ts'
import type { AgentRecord } from './record.ts'

const ipv4 = 0x0800
const ipv6 = 0x86dd
const [icmp, tcp, udp, icmp6, sctp] = [1, 6, 17, 58, 132]

export type Received = Readonly<{
  time: number
  /** Difference of the clocks in ms above which a row is marked. */
  skewLimit: number
  /** Address of the sender for records without one: four words, v4-mapped. Undefined: unknown. */
  sender: Uint32Array | undefined
}>

export class RecordRows {
  readonly #flows: FlowBuilder
  readonly #codes: StringCodes
  readonly #c
  readonly #interfaces
  readonly #directions
  readonly #udns
  readonly #tlsTypes

  constructor(flows: FlowBuilder) {
    this.#flows = flows
    this.#codes = new StringCodes(flows)
    this.#interfaces = flows.list('interfaces')
    this.#directions = flows.list('if_directions')
    this.#udns = flows.list('udns')
    this.#tlsTypes = flows.list('tls_types')
    this.#c = {
      timeStart: flows.column('time_start'),
      timeEnd: flows.column('time_end'),
      timeReceived: flows.column('time_received'),
      skewed: flows.column('time_skewed'),
      protocol: flows.column('protocol'),
      exporter: flows.column('exporter_addr'),
      etype: flows.column('etype'),
      direction: flows.column('direction'),
      srcMac: flows.column('src_mac'),
      dstMac: flows.column('dst_mac'),
      srcAddr: flows.column('src_addr'),
      dstAddr: flows.column('dst_addr'),
      dscp: flows.column('dscp'),
      proto: flows.column('proto'),
      srcPort: flows.column('src_port'),
      dstPort: flows.column('dst_port'),
      tcpFlags: flows.column('tcp_flags'),
      icmpType: flows.column('icmp_type'),
      icmpCode: flows.column('icmp_code'),
      bytes: flows.column('bytes'),
      packets: flows.column('packets'),
      sampling: flows.column('sampling'),
      rtt: flows.column('rtt'),
      dropBytes: flows.column('drop_bytes'),
      dropPackets: flows.column('drop_packets'),
      dropFlags: flows.column('drop_flags'),
      dropState: flows.column('drop_state'),
      dropCause: flows.column('drop_cause'),
      dnsId: flows.column('dns_id'),
      dnsFlags: flows.column('dns_flags'),
      dnsRcode: flows.column('dns_rcode'),
      dnsLatency: flows.column('dns_latency'),
      dnsErrno: flows.column('dns_errno'),
      dnsName: flows.column('dns_name'),
      xlatSrcAddr: flows.column('xlat_src_addr'),
      xlatDstAddr: flows.column('xlat_dst_addr'),
      xlatSrcPort: flows.column('xlat_src_port'),
      xlatDstPort: flows.column('xlat_dst_port'),
      xlatZone: flows.column('xlat_zone'),
      ipsecCode: flows.column('ipsec_code'),
      ipsecStatus: flows.column('ipsec_status'),
      networkEvents: flows.column('network_events'),
      tlsVersion: flows.column('tls_version'),
      tlsCipherSuite: flows.column('tls_cipher_suite'),
      tlsGroup: flows.column('tls_group'),
      quicVersion: flows.column('quic_version'),
      quicLong: flows.column('quic_long_header'),
      quicShort: flows.column('quic_short_header'),
    }
  }

  add(record: AgentRecord, bytes: Uint8Array, received: Received): void {
    const row = this.#flows.count
    this.#addTimes(record, row, received)
    this.#addLink(record, bytes, row)
    if (record.etype === ipv4 || record.etype === ipv6) this.#addIp(record, row)
    if (record.dnsId !== 0 || record.dnsErrno !== 0) this.#addDns(record, bytes, row)
    if (record.dropCause !== 0) this.#addDrops(record, row)
    if (isSpecified(record.xlatSrcAddr, 0) && isSpecified(record.xlatDstAddr, 0)) this.#addTranslation(record, row)
    if (record.ipsec !== 0 || record.ipsecReturn !== 0) this.#addIpsec(record, row)
    if (record.events > 0) {
      put32(this.#c.networkEvents, row, this.#flows.code(eventsText(bytes, record.eventSpans, record.events)))
    }
    if (record.tlsVersion !== 0 || record.tlsTypes !== 0) this.#addTls(record, row)
    if (record.hasQuic) this.#addQuic(record, row)
    this.#flows.commit(1)
  }

  finish(first: number, { time }: Received): void {
    const { count } = this.#flows
    if (count === first) return
    this.#c.timeReceived.fill(time, first, count)
    this.#c.protocol.fill(this.#flows.code('netobserv'), first, count)
  }

  #addTimes(record: AgentRecord, row: number, { time, skewLimit, sender }: Received) {
    const c = this.#c
    if (record.start !== 0) {
      c.timeStart.items[row] = record.start
      c.timeStart.mark(row)
    }
    if (record.end !== 0) {
      c.timeEnd.items[row] = record.end
      c.timeEnd.mark(row)
    }
    put8(c.skewed, row, record.end !== 0 && Math.abs(record.end - time) > skewLimit ? 1 : 0)
    const exporter = isSpecified(record.agent, 0) ? record.agent : sender
    if (exporter !== undefined) putIp(c.exporter, row, exporter, 0)
  }

  #addLink(record: AgentRecord, bytes: Uint8Array, row: number) {
    const c = this.#c
    put16(c.etype, row, record.etype)
    put64(c.srcMac, row, record.srcMacLow, record.srcMacHigh & 0xffff)
    put64(c.dstMac, row, record.dstMacLow, record.dstMacHigh & 0xffff)
    put8(c.direction, row, record.direction)
    if (record.bytesLow !== 0 || record.bytesHigh !== 0) put64(c.bytes, row, record.bytesLow, record.bytesHigh)
    if (record.packetsLow !== 0 || record.packetsHigh !== 0)
      put64(c.packets, row, record.packetsLow, record.packetsHigh)
    if (record.sampling !== 0) put32(c.sampling, row, record.sampling)
    if (record.rtt !== 0) put64(c.rtt, row, record.rtt >>> 0, Math.floor(record.rtt / 0x1_0000_0000))
    this.#addInterfaces(record, bytes, row)
  }

  #addInterfaces(record: AgentRecord, bytes: Uint8Array, row: number) {
    this.#interfaces.begin(row)
    this.#directions.begin(row)
    this.#udns.begin(row)
    const { interfaceSpans: spans, interfaces } = record
    if (interfaces === 0) {
      const [from = 0, to = 0] = record.onlyInterface
      if (to === 0) return
      this.#interfaces.push(this.#codes.code(bytes, from, to - from))
      this.#directions.push(record.direction & 0xff)
      return
    }
    let named = false
    for (let i = 0, at = 0; i < interfaces; i++, at += 5) {
      const [from, to] = [spans[at]!, spans[at + 1]!]
      this.#interfaces.push(this.#codes.code(bytes, from, to - from))
      this.#directions.push(spans[at + 4]! & 0xff)
      named ||= spans[at + 3]! > spans[at + 2]!
    }
    // Each network belongs to the interface at the same index.
    for (let i = 0, at = 0; named && i < interfaces; i++, at += 5) {
      const [from, to] = [spans[at + 2]!, spans[at + 3]!]
      this.#udns.push(this.#codes.code(bytes, from, to - from))
    }
  }

  #addIp(record: AgentRecord, row: number) {
    const c = this.#c
    const { proto } = record
    putIp(c.srcAddr, row, record.srcAddr, 0)
    putIp(c.dstAddr, row, record.dstAddr, 0)
    put8(c.proto, row, proto)
    put8(c.dscp, row, record.dscp)
    if (proto === icmp || proto === icmp6) {
      put8(c.icmpType, row, record.icmpType)
      put8(c.icmpCode, row, record.icmpCode)
    } else if (proto === tcp || proto === udp || proto === sctp) {
      put16(c.srcPort, row, record.srcPort)
      put16(c.dstPort, row, record.dstPort)
      if (proto === tcp) put16(c.tcpFlags, row, record.flags)
    }
  }

  #addDns(record: AgentRecord, bytes: Uint8Array, row: number) {
    const c = this.#c
    if (record.dnsErrno !== 0) put32(c.dnsErrno, row, record.dnsErrno)
    if (record.dnsId === 0) return
    put16(c.dnsId, row, record.dnsId)
    put16(c.dnsFlags, row, record.dnsFlags)
    put32(c.dnsRcode, row, this.#flows.code(dnsRcodeName(record.dnsFlags)))
    c.dnsLatency.items[row] = record.dnsLatency
    c.dnsLatency.mark(row)
    const [from = 0, to = 0] = record.dnsName
    if (to > from) put32(c.dnsName, row, this.#codes.code(bytes, from, to - from))
  }

  #addDrops(record: AgentRecord, row: number) {
    const c = this.#c
    put64(c.dropBytes, row, record.dropBytesLow, record.dropBytesHigh)
    put64(c.dropPackets, row, record.dropPacketsLow, record.dropPacketsHigh)
    put16(c.dropFlags, row, record.dropFlags)
    put32(c.dropState, row, this.#flows.code(tcpStateName(record.dropState)))
    put32(c.dropCause, row, this.#flows.code(dropCauseName(record.dropCause)))
  }

  #addTranslation(record: AgentRecord, row: number) {
    const c = this.#c
    putIp(c.xlatSrcAddr, row, record.xlatSrcAddr, 0)
    putIp(c.xlatDstAddr, row, record.xlatDstAddr, 0)
    if (record.xlatSrcPort !== 0) put16(c.xlatSrcPort, row, record.xlatSrcPort)
    if (record.xlatDstPort !== 0) put16(c.xlatDstPort, row, record.xlatDstPort)
    put16(c.xlatZone, row, record.xlatZone)
  }

  #addIpsec(record: AgentRecord, row: number) {
    const c = this.#c
    c.ipsecCode.items[row] = record.ipsecReturn
    c.ipsecCode.mark(row)
    put32(c.ipsecStatus, row, this.#flows.code(record.ipsecReturn === 0 ? 'success' : 'error'))
  }

  #addTls(record: AgentRecord, row: number) {
    const c = this.#c
    const flows = this.#flows
    if (record.tlsVersion !== 0) {
      const nameOf = record.tlsMismatch === 0 ? tlsVersionName : mismatchedTlsVersionName
      put32(c.tlsVersion, row, flows.code(nameOf(record.tlsVersion)))
    }
    if (record.tlsCipherSuite !== 0) put32(c.tlsCipherSuite, row, flows.code(tlsCipherSuiteName(record.tlsCipherSuite)))
    if (record.tlsKeyShare !== 0) put32(c.tlsGroup, row, flows.code(tlsGroupName(record.tlsKeyShare)))
    this.#tlsTypes.begin(row)
    tlsTypes.forEach((name, bit) => {
      if ((record.tlsTypes & (1 << bit)) !== 0) this.#tlsTypes.push(flows.code(name))
    })
  }

  #addQuic(record: AgentRecord, row: number) {
    const c = this.#c
    put32(c.quicVersion, row, record.quicVersion)
    put8(c.quicLong, row, record.quicLong)
    put8(c.quicShort, row, record.quicShort)
  }
}
