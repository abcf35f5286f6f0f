import type { FlowBuilder } from '../../model/flow-builder.ts'
import { PacketColumns } from '../packet/columns.ts'
import { part } from '../packet/packet.ts'
import { put16, put32, put64, put8, putIp } from '../packet/put.ts'
import { dropReason, dropStatus } from './format.ts'
import { parts, type Sample } from './sample.ts'

export type Origin = Readonly<{
  /** Four words, v4-mapped. */
  exporter: Uint32Array
  /** Unix ms of the receipt: sFlow has no time. */
  time: number
}>

export class SampleRows {
  readonly #flows: FlowBuilder
  readonly #packets: PacketColumns
  readonly #c

  constructor(flows: FlowBuilder) {
    this.#flows = flows
    this.#packets = new PacketColumns(flows)
    this.#c = {
      timeStart: flows.column('time_start'),
      timeEnd: flows.column('time_end'),
      timeReceived: flows.column('time_received'),
      exporter: flows.column('exporter_addr'),
      protocol: flows.column('protocol'),
      version: flows.column('protocol_version'),
      skewed: flows.column('time_skewed'),
      domain: flows.column('observation_domain'),
      sampling: flows.column('sampling'),
      inIf: flows.column('in_if'),
      outIf: flows.column('out_if'),
      direction: flows.column('direction'),
      bytes: flows.column('bytes'),
      packets: flows.column('packets'),
      dstVlan: flows.column('dst_vlan'),
      nextHop: flows.column('next_hop'),
      srcMask: flows.column('src_mask'),
      dstMask: flows.column('dst_mask'),
      srcAs: flows.column('src_as'),
      dstAs: flows.column('dst_as'),
      bgpNextHop: flows.column('bgp_next_hop'),
      natSrcAddr: flows.column('xlat_src_addr'),
      natDstAddr: flows.column('xlat_dst_addr'),
      natSrcPort: flows.column('xlat_src_port'),
      natDstPort: flows.column('xlat_dst_port'),
      dropBytes: flows.column('drop_bytes'),
      dropPackets: flows.column('drop_packets'),
      dropFlags: flows.column('drop_flags'),
      dropCause: flows.column('drop_cause'),
      forwardingStatus: flows.column('forwarding_status'),
    }
  }

  /** The builder must have room. The row counts after {@link finish}. */
  add(sample: Sample, row: number): void {
    this.#addInterfaces(sample, row)
    this.#addSize(sample, row)
    this.#packets.write(sample.packet, row)
    if (sample.dstVlan !== 0) put16(this.#c.dstVlan, row, sample.dstVlan)
    if ((sample.present & parts.routing) !== 0) this.#addRouting(sample, row)
    if ((sample.present & parts.translation) !== 0) this.#addTranslation(sample, row)
  }

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

  /** A source that is not the input is one of many outputs. */
  #addInterfaces(sample: Sample, row: number) {
    const { rate, input, output, hasManyOutputs, sourceClass, sourceIndex } = sample
    const c = this.#c
    if (rate !== 0) put32(c.sampling, row, rate)
    if (input !== 0) put32(c.inIf, row, input)
    if (output !== 0) put32(c.outIf, row, output)
    if (sourceClass !== 0 || sourceIndex === 0) return
    if (sourceIndex === input) put8(c.direction, row, 0)
    else if (sourceIndex === output || hasManyOutputs) put8(c.direction, row, 1)
  }

  /** Layer 3 bytes: from the IP header, else the rest of the frame. */
  #addSize(sample: Sample, row: number) {
    const { packet, frameBytes } = sample
    const known = (sample.present & parts.packet) !== 0
    const bytes = (packet.parts & part.length) !== 0 ? packet.length : Math.max(0, frameBytes - packet.linkBytes)
    if (sample.dropReason >= 0) this.#addDrop(sample, known ? bytes : -1, row)
    if (sample.discarded) return
    put64(this.#c.packets, row, 1, 0)
    if (known) put64(this.#c.bytes, row, bytes, 0)
  }

  #addDrop({ packet, dropReason: reason }: Sample, bytes: number, row: number) {
    const c = this.#c
    put64(c.dropPackets, row, 1, 0)
    if (bytes >= 0) put64(c.dropBytes, row, bytes, 0)
    put32(c.dropCause, row, this.#flows.code(dropReason(reason)))
    put32(c.forwardingStatus, row, dropStatus(reason))
    if ((packet.parts & part.tcpFlags) !== 0) put16(c.dropFlags, row, packet.tcpFlags)
  }

  #addRouting(sample: Sample, row: number) {
    const c = this.#c
    if ((sample.present & parts.nextHop) !== 0) putIp(c.nextHop, row, sample.nextHop, 0)
    if ((sample.present & parts.router) !== 0) {
      put8(c.srcMask, row, sample.srcMask)
      put8(c.dstMask, row, sample.dstMask)
    }
    if ((sample.present & parts.gateway) !== 0) put32(c.srcAs, row, sample.srcAs)
    if ((sample.present & parts.dstAs) !== 0) put32(c.dstAs, row, sample.dstAs)
    if ((sample.present & parts.bgpNextHop) !== 0) putIp(c.bgpNextHop, row, sample.bgpNextHop, 0)
  }

  #addTranslation(sample: Sample, row: number) {
    const c = this.#c
    if ((sample.present & parts.natAddresses) !== 0) {
      putIp(c.natSrcAddr, row, sample.nat, 0)
      putIp(c.natDstAddr, row, sample.nat, 4)
    }
    if ((sample.present & parts.natPorts) !== 0) {
      put16(c.natSrcPort, row, sample.natSrcPort)
      put16(c.natDstPort, row, sample.natDstPort)
    }
  }
}
