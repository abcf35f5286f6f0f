import { Packet, part, u32 } from '../packet/packet.ts'
import { interfaceFormat, sampleTag } from './format.ts'

const indexBits = 0x3fffffff

export const parts = {
  header: 1,
  ethernet: 1 << 1,
  ip: 1 << 2,
  nextHop: 1 << 3,
  router: 1 << 4,
  gateway: 1 << 5,
  bgpNextHop: 1 << 6,
  dstAs: 1 << 7,
  natAddresses: 1 << 8,
  natPorts: 1 << 9,
  packet: 0x7,
  routing: 0xf8,
  translation: 0x300,
} as const

export class Sample {
  readonly packet = new Packet()
  present = 0
  sequence = 0
  /** 0: ifIndex. */
  sourceClass = 0
  sourceIndex = 0
  /** 1 in N; 0 unknown. */
  rate = 0
  /** Indexes; 0: none, or unknown. */
  input = 0
  output = 0
  hasManyOutputs = false
  discarded = false
  dropReason = -1
  recordCount = 0
  /** With checksum, without stripped bytes. */
  frameBytes = 0
  srcVlan = 0
  dstVlan = 0
  /** Stripped before the header was copied. */
  outerTag = 0
  secondTag = 0
  /** From a record, for packets without a label stack in the header. */
  readonly labels = new Uint32Array(16)
  labelCount = 0
  readonly nextHop = new Uint32Array(4)
  readonly bgpNextHop = new Uint32Array(4)
  srcMask = 0
  dstMask = 0
  srcAs = 0
  dstAs = 0
  /** Source in words 0 to 3, destination in 4 to 7. */
  readonly nat = new Uint32Array(8)
  natSrcPort = 0
  natDstPort = 0

  readHead(tag: number, bytes: Uint8Array, at: number, end: number): number {
    const size = tag === sampleTag.expandedFlow ? 44 : 32
    if (end - at < size) return 0
    this.packet.clear()
    this.present = this.srcVlan = this.dstVlan = this.outerTag = this.secondTag = this.labelCount = this.frameBytes = 0
    this.dropReason = -1
    this.discarded = tag === sampleTag.discarded
    this.sequence = u32(bytes, at)
    if (tag === sampleTag.flow) {
      const source = u32(bytes, at + 4)
      this.sourceClass = source >>> 24
      this.sourceIndex = source & 0xffffff
      this.rate = u32(bytes, at + 8)
      this.input = indexOf(u32(bytes, at + 20) >>> 30, u32(bytes, at + 20) & indexBits)
      this.#takeOutput(u32(bytes, at + 24) >>> 30, u32(bytes, at + 24) & indexBits)
    } else {
      this.sourceClass = u32(bytes, at + 4)
      this.sourceIndex = u32(bytes, at + 8)
      if (tag === sampleTag.expandedFlow) this.#readExpanded(bytes, at)
      else this.#readDiscarded(bytes, at)
    }
    this.recordCount = u32(bytes, at + size - 4)
    return at + size
  }

  settle(): void {
    const { packet } = this
    if (this.outerTag !== 0) {
      const inner = this.secondTag !== 0 ? this.secondTag : packet.has(part.vlan) ? packet.vlan : 0
      this.#tag(this.outerTag, inner)
    } else if (this.srcVlan !== 0 && !packet.has(part.vlan)) this.#tag(this.srcVlan, 0)
    if (packet.labelCount > 0) return
    for (let i = 0; i < this.labelCount; i++) packet.addLabel(this.labels[i] ?? 0)
  }

  #tag(outer: number, inner: number) {
    const { packet } = this
    packet.vlan = outer
    packet.innerVlan = inner
    packet.parts = (packet.parts & ~part.innerVlan) | part.vlan | (inner === 0 ? 0 : part.innerVlan)
  }

  #readExpanded(bytes: Uint8Array, at: number) {
    this.rate = u32(bytes, at + 12)
    this.input = indexOf(u32(bytes, at + 24), u32(bytes, at + 28))
    this.#takeOutput(u32(bytes, at + 32), u32(bytes, at + 36))
  }

  #readDiscarded(bytes: Uint8Array, at: number) {
    this.rate = 0
    this.input = u32(bytes, at + 16)
    this.output = u32(bytes, at + 20)
    this.hasManyOutputs = false
    this.dropReason = u32(bytes, at + 24)
  }

  #takeOutput(format: number, value: number) {
    this.output = indexOf(format, value)
    this.hasManyOutputs = format === interfaceFormat.multiple
    if (format === interfaceFormat.dropped) this.dropReason = value
  }
}

/** The highest index is the device itself, which is no interface. */
function indexOf(format: number, value: number) {
  return format !== interfaceFormat.index || value === indexBits || value === 0xffffffff ? 0 : value
}
