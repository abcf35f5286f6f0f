import type { FlowBuilder, GrowingColumn } from '../../model/flow-builder.ts'
import { icmpOrder } from '../flow-values/icmp.ts'

/** Version 5: a 24-byte header and up to 30 records of 48 bytes, big-endian. */
export const headerBytes = 24
export const recordBytes = 48
const maxRecords = 30

type Malformed = 'short' | 'count' | 'truncated'

export type Decoded = Readonly<{
  rows: number
  /** `short`, `count`: nothing was read. `truncated`: complete records were read. */
  malformed: Malformed | undefined
  skewed: number
  /** For sequence accounting; undefined without a usable header. */
  sequence: SequenceInfo | undefined
}>

export type SequenceInfo = Readonly<{
  first: number
  flows: number
  /** engine_type << 8 | engine_id; each has its own counter. */
  engine: number
  /** Unix ms by the exporter's clock, modulo 2^32 after its uptime wraps (49.7 days). */
  boot: number
}>

type Received = Readonly<{
  /** Four words, v4-mapped. */
  exporter: Uint32Array
  time: number
  /** In ms. */
  skewLimit: number
  sampling?: number
}>

const TCP = 6
const UDP = 17
const SCTP = 132
const ICMP = 1
const v4Mapped = 0x0000ffff
const ipv4 = 0x0800

const nothing = (malformed: Malformed): Decoded => ({ rows: 0, malformed, skewed: 0, sequence: undefined })

export function countRecords(datagram: Uint8Array): number {
  if (datagram.length < headerBytes) return 0
  const count = ((datagram[2] ?? 0) << 8) | (datagram[3] ?? 0)
  return count > maxRecords ? 0 : Math.min(count, Math.floor((datagram.length - headerBytes) / recordBytes))
}

/** Flows that the header announces but the datagram lacks; all that it contains if the count is refused. */
export function countUnread(datagram: Uint8Array): number {
  if (datagram.length < headerBytes) return 0
  const count = ((datagram[2] ?? 0) << 8) | (datagram[3] ?? 0)
  const present = Math.floor((datagram.length - headerBytes) / recordBytes)
  return count > maxRecords ? Math.min(count, present) : count - countRecords(datagram)
}

/** Counts also datagrams with shed rows; undefined without a usable header. */
export function readSequence(datagram: Uint8Array): SequenceInfo | undefined {
  if (datagram.length < headerBytes) return undefined
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength)
  const flows = view.getUint16(2)
  if (flows === 0 || flows > maxRecords) return undefined
  return { first: view.getUint32(16), flows, engine: view.getUint16(20), boot: exportTime(view) - view.getUint32(4) }
}

function exportTime(view: DataView) {
  return view.getUint32(8) * 1000 + Math.floor(view.getUint32(12) / 1e6)
}

/** Never throws; allocates nothing per row. */
export class Netflow5Decoder {
  readonly #flows: FlowBuilder
  readonly #always: readonly GrowingColumn[]
  readonly #c

  constructor(flows: FlowBuilder) {
    this.#flows = flows
    this.#c = {
      timeStart: flows.column('time_start'),
      timeEnd: flows.column('time_end'),
      timeReceived: flows.column('time_received'),
      srcAddr: flows.column('src_addr'),
      dstAddr: flows.column('dst_addr'),
      nextHop: flows.column('next_hop'),
      exporter: flows.column('exporter_addr'),
      srcPort: flows.column('src_port'),
      dstPort: flows.column('dst_port'),
      proto: flows.column('proto'),
      tcpFlags: flows.column('tcp_flags'),
      dscp: flows.column('dscp'),
      inIf: flows.column('in_if'),
      outIf: flows.column('out_if'),
      bytes: flows.column('bytes'),
      packets: flows.column('packets'),
      sampling: flows.column('sampling'),
      protocol: flows.column('protocol'),
      version: flows.column('protocol_version'),
      skewed: flows.column('time_skewed'),
      icmpType: flows.column('icmp_type'),
      icmpCode: flows.column('icmp_code'),
      srcAs: flows.column('src_as'),
      dstAs: flows.column('dst_as'),
      srcMask: flows.column('src_mask'),
      dstMask: flows.column('dst_mask'),
      etype: flows.column('etype'),
    }
    const { srcPort, dstPort, icmpType, icmpCode, sampling, protocol, version, timeReceived, etype, ...always } =
      this.#c
    this.#always = Object.values(always)
  }

  decode(datagram: Uint8Array, from: Received): Decoded {
    const sequence = readSequence(datagram)
    if (sequence === undefined) return nothing(datagram.length < headerBytes ? 'short' : 'count')
    const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength)
    const rows = countRecords(datagram)
    this.#flows.reserve(rows)
    const skewed = this.#records(view, rows, from)
    this.#repeated(rows, view.getUint16(22) & 0x3fff || (from.sampling ?? 0), from)
    this.#flows.commit(rows)
    return { rows, malformed: rows < sequence.flows ? 'truncated' : undefined, skewed, sequence }
  }

  #repeated(rows: number, interval: number, from: Received) {
    const c = this.#c
    const first = this.#flows.count
    const end = first + rows
    c.timeReceived.fill(from.time, first, end)
    c.protocol.fill(this.#flows.code('netflow5'), first, end)
    c.version.fill(5, first, end)
    c.etype.fill(ipv4, first, end)
    // 0 means unknown: some exporters sample and report 0.
    if (interval > 0) c.sampling.fill(interval, first, end)
    for (const column of this.#always) column.markRows(first, end)
  }

  #records(view: DataView, rows: number, from: Received): number {
    const c = this.#c
    const uptime = view.getUint32(4)
    const exported = exportTime(view)
    const timeStart = c.timeStart.items,
      timeEnd = c.timeEnd.items
    const srcAddr = c.srcAddr.items,
      dstAddr = c.dstAddr.items,
      nextHop = c.nextHop.items,
      exporter = c.exporter.items
    const srcPort = c.srcPort.items,
      dstPort = c.dstPort.items,
      icmpType = c.icmpType.items,
      icmpCode = c.icmpCode.items
    const protos = c.proto.items,
      tcpFlags = c.tcpFlags.items,
      dscp = c.dscp.items,
      skewed = c.skewed.items
    const inIf = c.inIf.items,
      outIf = c.outIf.items,
      bytes = c.bytes.items,
      packets = c.packets.items
    const srcAs = c.srcAs.items,
      dstAs = c.dstAs.items,
      srcMask = c.srcMask.items,
      dstMask = c.dstMask.items
    const e0 = from.exporter[0] ?? 0,
      e1 = from.exporter[1] ?? 0,
      e2 = from.exporter[2] ?? 0,
      e3 = from.exporter[3] ?? 0
    let away = 0
    for (let i = 0, row = this.#flows.count, at = headerBytes; i < rows; i++, row++, at += recordBytes) {
      const ip = row * 4
      srcAddr[ip + 2] = v4Mapped
      srcAddr[ip + 3] = view.getUint32(at)
      dstAddr[ip + 2] = v4Mapped
      dstAddr[ip + 3] = view.getUint32(at + 4)
      nextHop[ip + 2] = v4Mapped
      nextHop[ip + 3] = view.getUint32(at + 8)
      exporter[ip] = e0
      exporter[ip + 1] = e1
      exporter[ip + 2] = e2
      exporter[ip + 3] = e3
      inIf[row] = view.getUint16(at + 12)
      outIf[row] = view.getUint16(at + 14)
      packets[row * 2] = view.getUint32(at + 16)
      bytes[row * 2] = view.getUint32(at + 20)
      // Uptimes wrap at 2^32 ms; the signed distance is right before and after a wrap.
      timeStart[row] = exported - ((uptime - view.getUint32(at + 24)) | 0)
      const end = exported - ((uptime - view.getUint32(at + 28)) | 0)
      timeEnd[row] = end
      const off = Math.abs(end - from.time) > from.skewLimit ? 1 : 0
      skewed[row] = off
      away += off
      const proto = view.getUint8(at + 38)
      protos[row] = proto
      tcpFlags[row] = view.getUint8(at + 37)
      dscp[row] = view.getUint8(at + 39) >> 2
      if (proto === TCP || proto === UDP || proto === SCTP) {
        srcPort[row] = view.getUint16(at + 32)
        dstPort[row] = view.getUint16(at + 34)
        c.srcPort.mark(row)
        c.dstPort.mark(row)
      } else if (proto === ICMP) {
        const exchanged = icmpOrder('v4', view.getUint16(at + 34)) === 'reversed' ? 1 : 0
        icmpType[row] = view.getUint8(at + 34 + exchanged)
        icmpCode[row] = view.getUint8(at + 35 - exchanged)
        c.icmpType.mark(row)
        c.icmpCode.mark(row)
      }
      srcAs[row] = view.getUint16(at + 40)
      dstAs[row] = view.getUint16(at + 42)
      srcMask[row] = view.getUint8(at + 44)
      dstMask[row] = view.getUint8(at + 45)
    }
    return away
  }
}
