import type { GrowingColumn } from '../../model/flow-builder.ts'
import type { DataSet, FieldPlace } from './data-set.ts'
import { numberIn } from './read.ts'
import type { Step } from './step-numbers.ts'

const ICMP = 1
const TCP = 6
const UDP = 17
const ICMPv6 = 58
const SCTP = 132

type PortColumns = Readonly<{
  proto: GrowingColumn<Uint8Array>
  srcPort: GrowingColumn<Uint16Array>
  dstPort: GrowingColumn<Uint16Array>
  icmpType: GrowingColumn<Uint8Array>
  icmpCode: GrowingColumn<Uint8Array>
}>

type PortPlaces = Readonly<{
  srcPort: FieldPlace | undefined
  dstPort: FieldPlace | undefined
  icmp: readonly FieldPlace[]
  /** IE 176 and 177, 178 and 179. */
  typeAndCode: readonly (readonly [FieldPlace, FieldPlace])[]
  /** Type and code are in the destination port, except in reverse halves. */
  icmpInPort: boolean
  /** The step that writes the protocol runs first. */
  hasProto: boolean
}>

/** Ports for TCP, UDP and SCTP; type and code for ICMP. */
export function portSteps(columns: PortColumns, places: PortPlaces): readonly Step[] {
  const { srcPort, dstPort, icmp, typeAndCode, hasProto } = places
  if (srcPort === undefined && dstPort === undefined && icmp.length === 0 && typeAndCode.length === 0) return []
  const plain = srcPort?.length === 2 && dstPort?.length === 2 ? { src: srcPort, dst: dstPort } : undefined
  return [
    (set, row) => {
      const protos = columns.proto.items
      for (let i = 0; i < set.count; i++) {
        const proto = hasProto ? protos[row + i]! : TCP
        if (proto === TCP || proto === UDP || proto === SCTP) {
          if (plain !== undefined) ports(columns, plain.src, plain.dst, set, i, row + i)
          else {
            if (srcPort !== undefined) put(columns.srcPort, row + i, numberIn(set, srcPort, i))
            if (dstPort !== undefined) put(columns.dstPort, row + i, numberIn(set, dstPort, i))
          }
        } else if (proto === ICMP || proto === ICMPv6) icmpOf(columns, places, set, i, row + i)
      }
    },
  ]
}

function ports(columns: PortColumns, src: FieldPlace, dst: FieldPlace, set: DataSet, record: number, row: number) {
  const { view } = set
  columns.srcPort.items[row] = view.getUint16(set.base[src.segment]![record]! + src.offset)
  columns.dstPort.items[row] = view.getUint16(set.base[dst.segment]![record]! + dst.offset)
  columns.srcPort.mark(row)
  columns.dstPort.mark(row)
}

/** The first non-zero value counts; all 0 is an echo reply. */
function icmpOf(
  columns: PortColumns,
  { icmp, typeAndCode, icmpInPort, dstPort }: PortPlaces,
  set: DataSet,
  record: number,
  row: number,
) {
  const inPort = icmpInPort ? dstPort : undefined
  if (icmp.length === 0 && typeAndCode.length === 0 && inPort === undefined) return
  let both = 0
  for (const place of icmp) both ||= numberIn(set, place, record) & 0xffff
  for (const [type, code] of typeAndCode)
    both ||= ((numberIn(set, type, record) & 0xff) << 8) | (numberIn(set, code, record) & 0xff)
  if (inPort !== undefined) both ||= numberIn(set, inPort, record) & 0xffff
  put(columns.icmpType, row, both >> 8)
  put(columns.icmpCode, row, both & 0xff)
}

function put(column: GrowingColumn<Uint8Array> | GrowingColumn<Uint16Array>, row: number, value: number) {
  column.items[row] = value
  column.mark(row)
}
