import type { GrowingColumn } from '../../model/flow-builder.ts'
import { icmpOrder } from '../flow-values/icmp.ts'
import type { DataSet, FieldPlace } from './data-set.ts'
import { numberIn } from './read.ts'
import type { Step } from './step-numbers.ts'
import type { SamplingDefaults } from './step-sampling.ts'

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

/** Places of ICMP fields of one family: IE 32, 176 and 177, or 139, 178 and 179. */
export type IcmpPlaces = Readonly<{
  both: FieldPlace | undefined
  type: FieldPlace | undefined
  code: FieldPlace | undefined
}>

/** By precedence: of any protocol, of UDP, of TCP (IE 7, 180, 182). */
export type PortElements = Readonly<{
  any: FieldPlace | undefined
  udp: FieldPlace | undefined
  tcp: FieldPlace | undefined
}>

type PortPlaces = Readonly<{
  srcPort: PortElements
  dstPort: PortElements
  icmpV4: IcmpPlaces
  icmpV6: IcmpPlaces
  /** Type and code are in the destination port, except in reverse halves. */
  icmpInPort: boolean
  /** The step that writes the protocol runs first. */
  hasProto: boolean
}>

/** Ports for TCP, UDP and SCTP; type and code for ICMP. */
export function portSteps(columns: PortColumns, places: PortPlaces, defaults: SamplingDefaults): readonly Step[] {
  const { srcPort, dstPort, icmpV4, icmpV6, hasProto } = places
  const known = [srcPort, dstPort, icmpV4, icmpV6].flatMap((each) => Object.values(each))
  if (known.every((place) => place === undefined)) return []
  const { any: src } = srcPort
  const { any: dst } = dstPort
  const both = src?.length === 2 && dst?.length === 2 ? bothPorts(columns, src, dst) : undefined
  const [srcStep, dstStep] = [onePort(columns.srcPort, srcPort), onePort(columns.dstPort, dstPort)]
  const v4 = icmpOf(columns, places, 'v4', defaults)
  const v6 = icmpOf(columns, places, 'v6', defaults)
  return [
    (set, row) => {
      const protos = columns.proto.items
      for (let i = 0; i < set.count; i++) {
        const proto = hasProto ? protos[row + i]! : TCP
        if (proto === TCP || proto === UDP || proto === SCTP) {
          if (both !== undefined) both(set, i, row + i)
          else {
            srcStep(set, i, row + i, proto)
            dstStep(set, i, row + i, proto)
          }
        } else if (proto === ICMP) v4(set, i, row + i)
        else if (proto === ICMPv6) v6(set, i, row + i)
      }
    },
  ]
}

type RecordStep = (set: DataSet, record: number, row: number) => void

/** Reads both ports of two bytes each. */
function bothPorts({ srcPort, dstPort }: PortColumns, src: FieldPlace, dst: FieldPlace): RecordStep {
  return (set, record, row) => {
    const { view } = set
    srcPort.items[row] = view.getUint16(set.base[src.segment]![record]! + src.offset)
    dstPort.items[row] = view.getUint16(set.base[dst.segment]![record]! + dst.offset)
    srcPort.mark(row)
    dstPort.mark(row)
  }
}

type PortStep = (set: DataSet, record: number, row: number, proto: number) => void

function onePort(column: GrowingColumn<Uint16Array>, { any, udp, tcp }: PortElements): PortStep {
  return (set, record, row, proto) => {
    const own = proto === UDP ? (udp ?? tcp) : (tcp ?? udp)
    const place = any ?? own
    if (place === undefined) return
    const port = numberIn(set, place, record)
    put(column, row, port === 0 && own !== undefined ? numberIn(set, own, record) : port)
  }
}

/** An element of the template is the value, also 0; the port counts without one. */
function icmpOf(
  columns: PortColumns,
  { icmpV4, icmpV6, icmpInPort, dstPort }: PortPlaces,
  family: 'v4' | 'v6',
  defaults: SamplingDefaults,
): RecordStep {
  const [own, other] = family === 'v4' ? [icmpV4, icmpV6] : [icmpV6, icmpV4]
  const port = icmpInPort ? dstPort.any : undefined
  const isGiven = Object.values(own).some((place) => place !== undefined)
  const { type, code, both: combined } = isGiven ? own : other
  const both = combined ?? (type === undefined ? port : undefined)
  return (set, record, row) => {
    const value = both === undefined ? 0 : numberIn(set, both, record) & 0xffff
    const given = type === undefined ? 0 : numberIn(set, type, record) & 0xff
    if (both !== undefined && (value !== 0 || type === undefined) && given === 0) {
      const order = icmpOrder(family, value)
      const { facts } = defaults
      if (order !== 'either') facts.icmpReversed = order === 'reversed'
      const exchanged = order === 'reversed' || (order === 'either' && facts.icmpReversed)
      put(columns.icmpType, row, exchanged ? value & 0xff : value >> 8)
      put(columns.icmpCode, row, exchanged ? value >> 8 : value & 0xff)
    } else if (type !== undefined) put(columns.icmpType, row, given)
    if (code !== undefined && (given !== 0 || value === 0))
      put(columns.icmpCode, row, numberIn(set, code, record) & 0xff)
  }
}

function put(column: GrowingColumn<Uint8Array> | GrowingColumn<Uint16Array>, row: number, value: number) {
  column.items[row] = value
  column.mark(row)
}
