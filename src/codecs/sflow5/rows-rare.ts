import { part } from '../packet/packet.ts'
import type { FlowBuilder } from '../../model/flow-builder.ts'
import { put16, put32, put64, put8, putIp } from './put.ts'
import { told, type Sample } from './sample.ts'

/** Columns that most agents seldom fill: tags and labels, routing, translation, fragments, drops. */
export class RareColumns {
  readonly #flows: FlowBuilder
  readonly #labels
  readonly #c

  constructor(flows: FlowBuilder) {
    this.#flows = flows
    this.#labels = flows.list('mpls_labels')
    this.#c = {
      innerVlan: flows.column('inner_vlan'), dstVlan: flows.column('dst_vlan'), flowLabel: flows.column('flow_label'),
      fragmentId: flows.column('fragment_id'), fragmentOffset: flows.column('fragment_offset'),
      nextHop: flows.column('next_hop'), srcMask: flows.column('src_mask'), dstMask: flows.column('dst_mask'),
      srcAs: flows.column('src_as'), dstAs: flows.column('dst_as'), bgpNextHop: flows.column('bgp_next_hop'),
      natSrcAddr: flows.column('xlat_src_addr'), natDstAddr: flows.column('xlat_dst_addr'),
      natSrcPort: flows.column('xlat_src_port'), natDstPort: flows.column('xlat_dst_port'),
      dropBytes: flows.column('drop_bytes'), dropPackets: flows.column('drop_packets'),
      dropFlags: flows.column('drop_flags'), dropCause: flows.column('drop_cause'),
    }
  }

  add(sample: Sample, row: number): void {
    const { packet } = sample
    if ((sample.told & told.routing) !== 0) this.#addRouting(sample, row)
    this.#addVlans(sample, row)
    if (packet.labelCount > 0) this.#addLabels(packet.labels, packet.labelCount, row)
    else if (sample.labelCount > 0) this.#addLabels(sample.labels, sample.labelCount, row)
    if ((packet.parts & part.fragment) !== 0) {
      put32(this.#c.fragmentId, row, packet.fragmentId)
      put16(this.#c.fragmentOffset, row, packet.fragmentOffset)
    }
    if (packet.flowLabel !== 0) put32(this.#c.flowLabel, row, packet.flowLabel)
  }

  addDrop(sample: Sample, bytes: number | undefined, cause: string, row: number): void {
    const c = this.#c
    put64(c.dropPackets, row, 1, 0)
    if (bytes !== undefined) put64(c.dropBytes, row, bytes, 0)
    put32(c.dropCause, row, this.#flows.code(cause))
    if (sample.packet.has(part.tcpFlags)) put16(c.dropFlags, row, sample.packet.tcpFlags)
  }

  #addVlans({ packet, outerTag, secondTag, dstVlan }: Sample, row: number): void {
    // A tag that was stripped was outside of those that the header still has.
    const tag = (packet.parts & part.vlan) === 0 ? 0 : packet.vlan
    const inner = outerTag === 0 ? ((packet.parts & part.innerVlan) === 0 ? 0 : packet.innerVlan) : secondTag !== 0 ? secondTag : tag
    if (inner !== 0) put16(this.#c.innerVlan, row, inner)
    if (dstVlan !== 0) put16(this.#c.dstVlan, row, dstVlan)
  }

  #addLabels(labels: Uint32Array, count: number, row: number): void {
    this.#labels.begin(row)
    for (let i = 0; i < count; i++) this.#labels.push(this.#flows.code(String(labels[i])))
  }

  #addRouting(sample: Sample, row: number): void {
    const c = this.#c
    if ((sample.told & told.nextHop) !== 0) putIp(c.nextHop, row, sample.nextHop, 0)
    if ((sample.told & told.router) !== 0) {
      put8(c.srcMask, row, sample.srcMask)
      put8(c.dstMask, row, sample.dstMask)
    }
    if ((sample.told & told.gateway) !== 0) {
      put32(c.srcAs, row, sample.srcAs)
      if ((sample.told & told.dstAs) !== 0) put32(c.dstAs, row, sample.dstAs)
      if ((sample.told & told.bgpNextHop) !== 0) putIp(c.bgpNextHop, row, sample.bgpNextHop, 0)
    }
    if ((sample.told & told.natAddresses) !== 0) {
      putIp(c.natSrcAddr, row, sample.nat, 0)
      putIp(c.natDstAddr, row, sample.nat, 4)
    }
    if ((sample.told & told.natPorts) !== 0) {
      put16(c.natSrcPort, row, sample.natSrcPort)
      put16(c.natDstPort, row, sample.natDstPort)
    }
  }
}
