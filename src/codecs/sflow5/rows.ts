import { ipProtocol, part, type Packet } from '../packet/packet.ts'
import type { FlowBuilder } from '../../model/flow-builder.ts'
import { dropReason } from './format.ts'
import { put16, put32, put64, put8, putIp } from './put.ts'
import { RareColumns } from './rows-rare.ts'
import { told, type Sample } from './sample.ts'

/** What is the same in every row of a datagram. */
export interface Origin {
  /** Four words, v4-mapped. */
  readonly exporter: Uint32Array
  /** Unix ms: sFlow carries no time of its own. */
  readonly time: number
}

/** Writes samples as rows of one builder. Nothing is allocated per row. */
export class SampleRows {
  readonly #flows: FlowBuilder
  readonly #rare: RareColumns
  readonly #c

  constructor(flows: FlowBuilder) {
    this.#flows = flows
    this.#rare = new RareColumns(flows)
    this.#c = {
      timeStart: flows.column('time_start'), timeEnd: flows.column('time_end'), timeReceived: flows.column('time_received'),
      exporter: flows.column('exporter_addr'), protocol: flows.column('protocol'), version: flows.column('protocol_version'),
      skewed: flows.column('time_skewed'), domain: flows.column('observation_domain'),
      sampling: flows.column('sampling'), inIf: flows.column('in_if'), outIf: flows.column('out_if'), direction: flows.column('direction'),
      bytes: flows.column('bytes'), packets: flows.column('packets'), etype: flows.column('etype'),
      srcMac: flows.column('src_mac'), dstMac: flows.column('dst_mac'), vlan: flows.column('vlan'),
      srcAddr: flows.column('src_addr'), dstAddr: flows.column('dst_addr'), proto: flows.column('proto'),
      dscp: flows.column('dscp'), ttl: flows.column('ip_ttl'), srcPort: flows.column('src_port'), dstPort: flows.column('dst_port'),
      tcpFlags: flows.column('tcp_flags'), icmpType: flows.column('icmp_type'), icmpCode: flows.column('icmp_code'),
    }
  }

  /** One row more; the builder must have room for it. It counts once {@link finish} was called. */
  add(sample: Sample, row: number): void {
    const { packet } = sample
    this.#addInterfaces(sample, row)
    this.#addSize(sample, row)
    if (packet.parts !== 0) this.#addLink(packet, row)
    if ((packet.parts & part.ip) !== 0) this.#addIp(packet, (sample.told & told.header) !== 0, row)
    this.#addVlan(sample, row)
    this.#rare.add(sample, row)
  }

  /** Ends the rows of a datagram, from the builder's count to `end`, with what they have in common. */
  finish(end: number, subAgent: number, origin: Origin): void {
    const c = this.#c
    const first = this.#flows.count
    if (end === first) return
    c.timeStart.fill(origin.time, first, end)
    c.timeEnd.fill(origin.time, first, end)
    c.timeReceived.fill(origin.time, first, end)
    c.protocol.fill(this.#flows.code('sflow5'), first, end)
    c.version.fill(5, first, end)
    c.skewed.fill(0, first, end)
    c.domain.fill(subAgent, first, end)
    for (let row = first; row < end; row++) putIp(c.exporter, row, origin.exporter, 0)
    this.#flows.commit(end - first)
  }

  #addInterfaces({ rate, input, output, sourceClass, sourceIndex }: Sample, row: number): void {
    const c = this.#c
    if (rate !== 0) put32(c.sampling, row, rate)
    // 0 is an interface that the agent does not know.
    if (input !== 0) put32(c.inIf, row, input)
    if (output !== 0) put32(c.outIf, row, output)
    if (sourceClass !== 0 || sourceIndex === 0) return
    if (sourceIndex === input) put8(c.direction, row, 0)
    else if (sourceIndex === output) put8(c.direction, row, 1)
  }

  /** Bytes of layer 3, by the IP header where it says so, else what remains of the frame. */
  #addSize(sample: Sample, row: number): void {
    const { packet, frameBytes } = sample
    const known = (sample.told & (told.header | told.ethernet | told.ip)) !== 0
    const bytes = (packet.parts & part.length) !== 0 ? packet.length : Math.max(0, frameBytes - packet.linkBytes)
    if (sample.dropReason >= 0) this.#rare.addDrop(sample, known ? bytes : undefined, dropReason(sample.dropReason), row)
    // A dropped packet that is reported beside the sampling is no traffic that the sampling stands for.
    if (sample.discarded) return
    put64(this.#c.packets, row, 1, 0)
    if (known) put64(this.#c.bytes, row, bytes, 0)
  }

  #addLink(packet: Packet, row: number): void {
    const c = this.#c
    if ((packet.parts & part.macs) !== 0) {
      put64(c.srcMac, row, packet.macs[0] ?? 0, packet.macs[1] ?? 0)
      put64(c.dstMac, row, packet.macs[2] ?? 0, packet.macs[3] ?? 0)
    }
    if ((packet.parts & part.etype) !== 0) put16(c.etype, row, packet.etype)
  }

  #addVlan({ packet, outerTag, srcVlan }: Sample, row: number): void {
    const vlan = outerTag !== 0 ? outerTag : (packet.parts & part.vlan) !== 0 ? packet.vlan : srcVlan
    if (vlan !== 0) put16(this.#c.vlan, row, vlan)
  }

  #addIp(packet: Packet, copied: boolean, row: number): void {
    const c = this.#c
    putIp(c.srcAddr, row, packet.addresses, 0)
    putIp(c.dstAddr, row, packet.addresses, 4)
    put8(c.dscp, row, packet.dscp)
    if (copied) put8(c.ttl, row, packet.ttl)
    if ((packet.parts & part.proto) !== 0) put8(c.proto, row, packet.proto)
    if ((packet.parts & part.ports) !== 0) {
      put16(c.srcPort, row, packet.srcPort)
      put16(c.dstPort, row, packet.dstPort)
    }
    if ((packet.parts & part.tcpFlags) !== 0 && packet.proto === ipProtocol.tcp) put16(c.tcpFlags, row, packet.tcpFlags)
    if ((packet.parts & part.icmp) !== 0) {
      put8(c.icmpType, row, packet.icmpType)
      put8(c.icmpCode, row, packet.icmpCode)
    }
  }
}
