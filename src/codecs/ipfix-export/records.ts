import type { FlowBatch } from '../../model/batches.ts'
import type { Column } from '../../model/columns.ts'
import {
  Address,
  codeOf,
  firstCode,
  firstNumber,
  numberOf,
  timeOf,
  write64,
  writeMac,
  writeTime,
  type NumberOf,
} from './fields.ts'
import { numberList, textList, type CommaList } from './lists.ts'
import { commonBytes, enterpriseBytes, headV4Bytes, headV6Bytes, templateV4, templateV6 } from './templates.ts'
import { Texts } from './texts.ts'

const ipv4 = 2048
const ipv6 = 34525
const icmp = 1
const icmpV6 = 58
/** Values above are combinations of flags that only NetObserv's agent has. */
const wireFlags = 0xff
/** Selector algorithm: random sampling with uniform probability. */
const uniformProbability = 4

export class RecordWriter {
  readonly #texts: Texts
  readonly #source: Address
  readonly #destination: Address
  readonly #xlatSource: Address
  readonly #xlatDestination: Address
  readonly #proto: NumberOf
  readonly #common: Common
  readonly #enterprise: Enterprise | undefined

  /** `received`: Unix ms, for rows without times. */
  constructor(batch: FlowBatch, received: number, { withEnterprise }: Readonly<{ withEnterprise: boolean }>) {
    const { columns } = batch
    this.#texts = new Texts(batch.dictionary)
    this.#source = new Address(columns['src_addr'])
    this.#destination = new Address(columns['dst_addr'])
    this.#xlatSource = new Address(columns['xlat_src_addr'])
    this.#xlatDestination = new Address(columns['xlat_dst_addr'])
    this.#proto = numberOf(columns['proto'])
    this.#common = new Common(batch, this.#texts, received)
    this.#enterprise = withEnterprise ? new Enterprise(batch, this.#texts) : undefined
  }

  isV6(row: number): boolean {
    return this.#source.isV6(row) || this.#destination.isV6(row)
  }

  template(row: number): number {
    return this.isV6(row) ? templateV6 : templateV4
  }

  /** One packet in N was inspected; 1 if all or unknown. */
  rate(row: number): number {
    return this.#common.rate(row)
  }

  size(row: number): number {
    const head = this.isV6(row) ? headV6Bytes : headV4Bytes
    return head + this.#common.size(row) + (this.#enterprise?.size(row) ?? 0)
  }

  write(view: DataView, bytes: Uint8Array, start: number, row: number): number {
    const proto = this.#proto(row)
    const { icmpType, icmpCode } = this.#common
    const type = icmpType(row)
    const code = icmpCode(row)
    let at = start
    const v6 = this.isV6(row)
    if (v6) {
      at = this.#source.writeV6(view, at, row)
      at = this.#destination.writeV6(view, at, row)
      view.setUint8(at++, proto)
    } else {
      at = this.#source.writeV4(view, at, row)
      at = this.#destination.writeV4(view, at, row)
    }
    view.setUint8(at++, type)
    view.setUint8(at++, code)
    if (v6) {
      at = this.#xlatSource.writeV6(view, at, row)
      at = this.#xlatDestination.writeV6(view, at, row)
    } else {
      at = this.#xlatSource.writeV4(view, at, row)
      at = this.#xlatDestination.writeV4(view, at, row)
    }
    at = this.#common.write(view, bytes, at, row, v6 ? ipv6 : ipv4)
    return this.#enterprise === undefined ? at : this.#enterprise.write(view, bytes, at, row)
  }
}

class Common {
  readonly icmpType: NumberOf
  readonly icmpCode: NumberOf
  readonly #texts: Texts
  readonly #proto: NumberOf
  readonly #rate: NumberOf
  readonly #etype: NumberOf
  readonly #direction: NumberOf
  readonly #sourceMac: Column | undefined
  readonly #destinationMac: Column | undefined
  readonly #sourcePort: NumberOf
  readonly #destinationPort: NumberOf
  readonly #bytes: Column | undefined
  readonly #packets: Column | undefined
  readonly #start: NumberOf
  readonly #end: NumberOf
  readonly #interface: NumberOf
  readonly #flags: NumberOf
  readonly #xlatSourcePort: NumberOf
  readonly #xlatDestinationPort: NumberOf

  constructor({ columns }: FlowBatch, texts: Texts, received: number) {
    const { bytes, packets, src_mac, dst_mac, time_start, time_end } = columns
    this.#texts = texts
    this.icmpType = numberOf(columns['icmp_type'])
    this.icmpCode = numberOf(columns['icmp_code'])
    this.#proto = numberOf(columns['proto'])
    this.#rate = numberOf(columns['sampling'])
    this.#etype = numberOf(columns['etype'])
    this.#direction = firstNumber(columns['if_directions'], numberOf(columns['direction']))
    this.#sourceMac = src_mac
    this.#destinationMac = dst_mac
    this.#sourcePort = numberOf(columns['src_port'])
    this.#destinationPort = numberOf(columns['dst_port'])
    this.#bytes = bytes
    this.#packets = packets
    this.#start = timeOf([time_start, time_end], received)
    this.#end = timeOf([time_end, time_start], received)
    this.#interface = firstCode(columns['interfaces'], codeOf(columns['in_if_name']))
    this.#flags = numberOf(columns['tcp_flags'])
    this.#xlatSourcePort = numberOf(columns['xlat_src_port'])
    this.#xlatDestinationPort = numberOf(columns['xlat_dst_port'])
  }

  rate(row: number): number {
    return Math.max(1, this.#rate(row))
  }

  size(row: number): number {
    return commonBytes + this.#texts.size(this.#interface(row))
  }

  /** `etype` of the addresses, if the row has none. */
  write(view: DataView, bytes: Uint8Array, start: number, row: number, etype: number): number {
    const proto = this.#proto(row)
    const rate = this.rate(row)
    view.setUint16(start, this.#etype(row) || etype)
    view.setUint8(start + 2, this.#direction(row))
    writeMac(view, start + 3, this.#sourceMac, row)
    writeMac(view, start + 9, this.#destinationMac, row)
    view.setUint8(start + 15, proto)
    view.setUint16(start + 16, this.#sourcePort(row))
    view.setUint16(start + 18, this.#shownPort(row, proto))
    write64(view, start + 20, this.#bytes, row)
    writeTime(view, start + 28, this.#start(row))
    writeTime(view, start + 36, this.#end(row))
    write64(view, start + 44, this.#packets, row)
    const at = this.#texts.write(bytes, start + 52, this.#interface(row))
    view.setUint16(at, this.#flags(row) & wireFlags)
    view.setUint16(at + 2, this.#xlatSourcePort(row))
    view.setUint16(at + 4, this.#xlatDestinationPort(row))
    view.setUint16(at + 6, rate > 1 ? uniformProbability : 0)
    view.setFloat64(at + 8, rate > 1 ? 1 / rate : 0)
    return at + 16
  }

  /** Collectors show ICMP from the destination port. */
  #shownPort(row: number, proto: number) {
    return proto === icmp || proto === icmpV6
      ? (this.icmpType(row) << 8) | this.icmpCode(row)
      : this.#destinationPort(row)
  }
}

const textFields = ['src_namespace', 'src_name', 'dst_namespace', 'dst_name', 'src_node', 'dst_node'] as const

class Enterprise {
  readonly #texts: Texts
  readonly #codes: readonly NumberOf[]
  readonly #rtt: Column | undefined
  readonly #interfaces: CommaList
  readonly #directions: CommaList

  constructor({ columns }: FlowBatch, texts: Texts) {
    this.#texts = texts
    this.#codes = textFields.map((name) => codeOf(columns[name]))
    this.#rtt = columns['rtt']
    this.#interfaces = textList(columns['interfaces'], texts)
    this.#directions = numberList(columns['if_directions'])
  }

  size(row: number): number {
    let size = enterpriseBytes
    for (const code of this.#codes) size += this.#texts.size(code(row))
    return size + this.#interfaces.size(row) + this.#directions.size(row)
  }

  write(view: DataView, bytes: Uint8Array, start: number, row: number): number {
    let at = start
    for (const code of this.#codes) at = this.#texts.write(bytes, at, code(row))
    write64(view, at, this.#rtt, row)
    at = this.#interfaces.write(bytes, at + 8, row)
    return this.#directions.write(bytes, at, row)
  }
}
