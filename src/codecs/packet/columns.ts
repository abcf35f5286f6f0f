import type { FlowBuilder } from '../../model/flow-builder.ts'
import { part, type Packet } from './packet.ts'
import { put16, put32, put64, put8, putIp } from './put.ts'

export class PacketColumns {
  readonly #flows: FlowBuilder
  readonly #labels
  readonly #c

  constructor(flows: FlowBuilder) {
    this.#flows = flows
    this.#labels = flows.list('mpls_labels')
    this.#c = {
      etype: flows.column('etype'),
      srcMac: flows.column('src_mac'),
      dstMac: flows.column('dst_mac'),
      vlan: flows.column('vlan'),
      innerVlan: flows.column('inner_vlan'),
      srcAddr: flows.column('src_addr'),
      dstAddr: flows.column('dst_addr'),
      proto: flows.column('proto'),
      dscp: flows.column('dscp'),
      ttl: flows.column('ip_ttl'),
      flowLabel: flows.column('flow_label'),
      fragmentId: flows.column('fragment_id'),
      fragmentOffset: flows.column('fragment_offset'),
      srcPort: flows.column('src_port'),
      dstPort: flows.column('dst_port'),
      tcpFlags: flows.column('tcp_flags'),
      icmpType: flows.column('icmp_type'),
      icmpCode: flows.column('icmp_code'),
      vni: flows.column('vni'),
      innerSrcAddr: flows.column('inner_src_addr'),
      innerDstAddr: flows.column('inner_dst_addr'),
      innerProto: flows.column('inner_proto'),
      innerSrcPort: flows.column('inner_src_port'),
      innerDstPort: flows.column('inner_dst_port'),
    }
  }

  /** Marks a reserved row; fields absent in the packet are unchanged. */
  write(packet: Packet, row: number): void {
    const c = this.#c
    const { parts } = packet
    if ((parts & part.macs) !== 0) {
      put64(c.srcMac, row, packet.macs[0] ?? 0, packet.macs[1] ?? 0)
      put64(c.dstMac, row, packet.macs[2] ?? 0, packet.macs[3] ?? 0)
    }
    if ((parts & part.etype) !== 0) put16(c.etype, row, packet.etype)
    if ((parts & part.vlan) !== 0) put16(c.vlan, row, packet.vlan)
    if ((parts & part.innerVlan) !== 0) put16(c.innerVlan, row, packet.innerVlan)
    if (packet.labelCount > 0) this.#writeLabels(packet, row)
    if ((parts & part.ip) !== 0) this.#writeIp(packet, row)
    if ((parts & (part.inner | part.vni)) !== 0) this.#writeInner(packet, row)
  }

  #writeInner(packet: Packet, row: number) {
    const c = this.#c
    if (packet.has(part.vni)) put32(c.vni, row, packet.vni)
    if (!packet.has(part.inner)) return
    const { inner } = packet
    if (!inner.has(part.ip)) return
    putIp(c.innerSrcAddr, row, inner.addresses, 0)
    putIp(c.innerDstAddr, row, inner.addresses, 4)
    if (inner.has(part.proto)) put8(c.innerProto, row, inner.proto)
    if (!inner.has(part.ports)) return
    put16(c.innerSrcPort, row, inner.srcPort)
    put16(c.innerDstPort, row, inner.dstPort)
  }

  #writeIp(packet: Packet, row: number) {
    const c = this.#c
    const { parts } = packet
    putIp(c.srcAddr, row, packet.addresses, 0)
    putIp(c.dstAddr, row, packet.addresses, 4)
    put8(c.dscp, row, packet.dscp)
    if ((parts & part.ttl) !== 0) put8(c.ttl, row, packet.ttl)
    if ((parts & part.proto) !== 0) put8(c.proto, row, packet.proto)
    if ((parts & part.ports) !== 0) {
      put16(c.srcPort, row, packet.srcPort)
      put16(c.dstPort, row, packet.dstPort)
    }
    if ((parts & part.tcpFlags) !== 0) put16(c.tcpFlags, row, packet.tcpFlags)
    if ((parts & part.icmp) !== 0) {
      put8(c.icmpType, row, packet.icmpType)
      put8(c.icmpCode, row, packet.icmpCode)
    }
    if ((parts & part.fragment) !== 0) {
      put32(c.fragmentId, row, packet.fragmentId)
      put16(c.fragmentOffset, row, packet.fragmentOffset)
    }
    if (packet.flowLabel !== 0) put32(c.flowLabel, row, packet.flowLabel)
  }

  #writeLabels(packet: Packet, row: number) {
    this.#labels.begin(row)
    for (let i = 0; i < packet.labelCount; i++) this.#labels.push(this.#flows.code(String(packet.labels[i])))
  }
}
