import { part } from '../packet/packet.ts'
import type { FlowBuilder, GrowingColumn } from '../../model/flow-builder.ts'
import type { GrowingList } from '../../model/growing-list.ts'
import { put16, put32, put64, put8, putIp } from './put.ts'
import { told, type Sample } from './sample.ts'

const router = (flows: FlowBuilder) => ({ srcMask: flows.column('src_mask'), dstMask: flows.column('dst_mask') })
const gateway = (flows: FlowBuilder) => ({ srcAs: flows.column('src_as'), dstAs: flows.column('dst_as'), nextHop: flows.column('bgp_next_hop') })
const nat = (flows: FlowBuilder) => ({
  srcAddr: flows.column('xlat_src_addr'), dstAddr: flows.column('xlat_dst_addr'), srcPort: flows.column('xlat_src_port'), dstPort: flows.column('xlat_dst_port'),
})
const drop = (flows: FlowBuilder) => ({
  bytes: flows.column('drop_bytes'), packets: flows.column('drop_packets'), flags: flows.column('drop_flags'), cause: flows.column('drop_cause'),
})
const fragment = (flows: FlowBuilder) => ({ id: flows.column('fragment_id'), offset: flows.column('fragment_offset') })

/**
 * Columns that most agents never fill. Each comes with the first row that needs it, because every column a builder has
 * counts towards the size at which it is full.
 */
export class RareColumns {
  readonly #flows: FlowBuilder
  #innerVlan: GrowingColumn<Uint16Array> | undefined
  #dstVlan: GrowingColumn<Uint16Array> | undefined
  #flowLabel: GrowingColumn<Uint32Array> | undefined
  #nextHop: GrowingColumn<Uint32Array> | undefined
  #labels: GrowingList<Uint32Array> | undefined
  #router: ReturnType<typeof router> | undefined
  #gateway: ReturnType<typeof gateway> | undefined
  #nat: ReturnType<typeof nat> | undefined
  #drop: ReturnType<typeof drop> | undefined
  #fragment: ReturnType<typeof fragment> | undefined

  constructor(flows: FlowBuilder) {
    this.#flows = flows
  }

  add(sample: Sample, row: number): void {
    const { packet } = sample
    if (sample.told > told.ip) this.#addRouting(sample, row)
    this.#addVlans(sample, row)
    if (packet.labelCount > 0) this.#addLabels(packet.labels, packet.labelCount, row)
    else if (sample.labelCount > 0) this.#addLabels(sample.labels, sample.labelCount, row)
    if ((packet.parts & part.fragment) !== 0) {
      this.#fragment ??= fragment(this.#flows)
      put32(this.#fragment.id, row, packet.fragmentId)
      put16(this.#fragment.offset, row, packet.fragmentOffset)
    }
    if (packet.flowLabel !== 0) put32(this.#flowLabel ??= this.#flows.column('flow_label'), row, packet.flowLabel)
  }

  addDrop(sample: Sample, bytes: number | undefined, cause: string, row: number): void {
    this.#drop ??= drop(this.#flows)
    put64(this.#drop.packets, row, 1, 0)
    if (bytes !== undefined) put64(this.#drop.bytes, row, bytes, 0)
    put32(this.#drop.cause, row, this.#flows.code(cause))
    if (sample.packet.has(part.tcpFlags)) put16(this.#drop.flags, row, sample.packet.tcpFlags)
  }

  #addVlans({ packet, outerTag, secondTag, dstVlan }: Sample, row: number): void {
    // A tag that was stripped was outside of those that the header still has.
    const tag = (packet.parts & part.vlan) === 0 ? 0 : packet.vlan
    const inner = outerTag === 0 ? ((packet.parts & part.innerVlan) === 0 ? 0 : packet.innerVlan) : secondTag !== 0 ? secondTag : tag
    if (inner !== 0) put16(this.#innerVlan ??= this.#flows.column('inner_vlan'), row, inner)
    if (dstVlan !== 0) put16(this.#dstVlan ??= this.#flows.column('dst_vlan'), row, dstVlan)
  }

  #addLabels(labels: Uint32Array, count: number, row: number): void {
    this.#labels ??= this.#flows.list('mpls_labels')
    this.#labels.begin(row)
    for (let i = 0; i < count; i++) this.#labels.push(this.#flows.code(String(labels[i])))
  }

  #addRouting(sample: Sample, row: number): void {
    if ((sample.told & told.nextHop) !== 0) putIp(this.#nextHop ??= this.#flows.column('next_hop'), row, sample.nextHop, 0)
    if ((sample.told & told.router) !== 0) {
      this.#router ??= router(this.#flows)
      put8(this.#router.srcMask, row, sample.srcMask)
      put8(this.#router.dstMask, row, sample.dstMask)
    }
    if ((sample.told & told.gateway) !== 0) {
      this.#gateway ??= gateway(this.#flows)
      put32(this.#gateway.srcAs, row, sample.srcAs)
      if ((sample.told & told.dstAs) !== 0) put32(this.#gateway.dstAs, row, sample.dstAs)
      if ((sample.told & told.bgpNextHop) !== 0) putIp(this.#gateway.nextHop, row, sample.bgpNextHop, 0)
    }
    if ((sample.told & (told.natAddresses | told.natPorts)) === 0) return
    this.#nat ??= nat(this.#flows)
    if ((sample.told & told.natAddresses) !== 0) {
      putIp(this.#nat.srcAddr, row, sample.nat, 0)
      putIp(this.#nat.dstAddr, row, sample.nat, 4)
    }
    if ((sample.told & told.natPorts) !== 0) {
      put16(this.#nat.srcPort, row, sample.natSrcPort)
      put16(this.#nat.dstPort, row, sample.natDstPort)
    }
  }
}
