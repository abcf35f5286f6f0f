import type { ViewColumn } from '../../../../src/api/published.ts'
import type { Row } from '../../live/rows-model.ts'
import { count, fullTime, plainText } from '../format.ts'
import type { GridColumn } from '../grid.tsx'
import { cellOf, isCoded, numeric, readBeside, type Read } from './field-cells.tsx'
import type { Widths } from '../grid-widths.ts'
import { flowFieldsText } from '../../text/flow-fields.ts'
import { flowsText } from './text.ts'
import { generalText } from '../../text/general.ts'

export type FlowColumn = Readonly<{
  id: string
  title: string
  hint: string
  width: number
  grow: number
  end?: boolean
  fields: readonly string[]
  beside?: readonly string[]
  sort: readonly string[]
  cell: (read: Read) => React.ReactNode
  /** In a file, if it differs from the text of the cell: whole times, numbers alone. */
  csv?: (read: Read) => string | null
  /** Field and value that the cell shows first, for filters made from it. */
  value: (read: Read) => readonly [field: string, value: unknown]
}>

const titles: Readonly<Record<string, string>> = {
  time_received: flowsText.received,
  time_start: flowsText.started,
  time_end: flowsText.ended,
  src_addr: flowsText.sourceAddress,
  dst_addr: flowsText.destinationAddress,
  src_port: generalText.port,
  dst_port: generalText.port,
  proto: generalText.protocol,
  tcp_flags: flowsText.flags,
  bytes: flowsText.bytesReported,
  packets: flowsText.packetsReported,
  bytes_est: generalText.bytes,
  packets_est: generalText.packets,
  rtt: 'RTT',
  rtt_max: flowFieldsText.largestRtt,
  dns_rcode: flowFieldsText.rcode,
  dns_latency: flowFieldsText.latency,
  dns_errno: flowFieldsText.errno,
  dns_name: flowFieldsText.queryName,
  drop_bytes: flowFieldsText.droppedBytes,
  drop_packets: flowFieldsText.droppedPackets,
  drop_flags: flowFieldsText.dropFlags,
  drop_state: flowFieldsText.dropState,
  drop_cause: flowFieldsText.dropCause,
  xlat_src_addr: flowFieldsText.translatedSource,
  xlat_dst_addr: flowFieldsText.translatedDestination,
  xlat_src_port: flowFieldsText.translatedSourcePort,
  xlat_dst_port: flowFieldsText.translatedDestinationPort,
  xlat_zone: flowFieldsText.trackingZone,
  ipsec_code: flowFieldsText.ipsecCode,
  ipsec_status: flowFieldsText.ipsecStatus,
  inner_src_addr: flowFieldsText.innerSource,
  inner_dst_addr: flowFieldsText.innerDestination,
  inner_proto: flowFieldsText.innerProtocol,
  inner_src_port: flowFieldsText.innerSourcePort,
  inner_dst_port: flowFieldsText.innerDestinationPort,
  vni: 'VNI',
  firewall_event: flowFieldsText.firewallEvent,
  firewall_reason: flowFieldsText.firewallReason,
  in_acl: flowFieldsText.inAcl,
  out_acl: flowFieldsText.outAcl,
  nat_event: flowFieldsText.natEvent,
  node_direction: flowFieldsText.nodeDirection,
  if_directions: flowFieldsText.interfaceDirections,
  quic_long_header: flowFieldsText.longHeader,
  quic_short_header: flowFieldsText.shortHeader,
  bytes_ab: flowFieldsText.bytesAb,
  bytes_ba: flowFieldsText.bytesBa,
  packets_ab: flowFieldsText.packetsAb,
  packets_ba: flowFieldsText.packetsBa,
  record_type: flowFieldsText.recordType,
  flow_logs: flowFieldsText.flowLogs,
  conversation_first: flowFieldsText.firstRecord,
  in_if: flowsText.in,
  out_if: flowsText.out,
  exporter_addr: generalText.exporter,
  protocol: flowsText.receivedVia,
  _pos: flowsText.id,
}

function titleOf(name: string): string {
  const title = titles[name]
  if (title !== undefined) return title
  const words = name
    .replace(/^src_/, flowsText.sourcePrefix)
    .replace(/^dst_/, flowsText.destinationPrefix)
    .replaceAll('_', ' ')
    .replaceAll(/\b(?:dns|tls|vlan|vrf|bgp|as|ip|id|ttl|icmp|mpls|quic|dscp|mac)\b/g, (word) => word.toUpperCase())
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** Shown where a record of a wireless controller has no addresses. */
const wireless = {
  src: { field: 'extra.staMacAddress', title: flowFieldsText.station },
  dst: { field: 'extra.wtpMacAddress', title: flowFieldsText.accessPoint },
} as const

function endpoint(end: 'src' | 'dst', members: readonly string[]): FlowColumn {
  const device = wireless[end]
  const deviceOf = (read: Read) =>
    members.includes(device.field) && read(`${end}_name`) === null && read(`${end}_addr`) === null
      ? read(device.field)
      : null
  return {
    id: end,
    title: end === 'src' ? generalText.source : generalText.destination,
    hint: flowsText.endHint,
    width: 190,
    grow: 2,
    fields: [
      ...['name', 'namespace', 'label', 'addr'].map((part) => `${end}_${part}`),
      ...(members.includes(device.field) ? [device.field] : []),
    ],
    sort: [`${end}_name`, `${end}_addr`],
    value: (read) => {
      const field = deviceOf(read) !== null ? device.field : `${end}_${read(`${end}_name`) === null ? 'addr' : 'name'}`
      return [field, read(field)]
    },
    cell: (read) => {
      const found = deviceOf(read)
      if (found !== null)
        return (
          <span title={device.title}>
            <span className="mono">{plainText(found)}</span>
            <span className="beside">{device.title}</span>
          </span>
        )
      const address = read(`${end}_addr`) as string | null
      const name = read(`${end}_name`) as string | null
      const beside = (read(`${end}_namespace`) ?? read(`${end}_label`)) as string | null
      return (
        <span title={[name, beside, address].filter((part) => part !== null).join(' · ')}>
          {name === null ? <span className="mono">{address ?? '–'}</span> : name}
          {beside !== null && beside !== name && <span className="beside">{beside}</span>}
        </span>
      )
    },
  }
}

function estimated(column: FlowColumn): FlowColumn {
  const [name = ''] = column.fields
  return {
    ...column,
    width: 140,
    fields: [name, 'sampling'],
    cell: (read) => {
      const sampling = Number(read('sampling') ?? 1)
      return (
        <>
          {column.cell(read)}
          {sampling > 1 && read(name) !== null && (
            <span className="beside" title={flowsText.estimatedHint}>
              {' '}
              ≈×{count(sampling)}
            </span>
          )}
        </>
      )
    },
  }
}

function fieldColumn({ name, type, unit, meaning }: ViewColumn): FlowColumn {
  const show = cellOf(name, type, unit)
  const isTime = type.startsWith('TIMESTAMP')
  const isNumber = numeric.test(type) && !/(?:^|_)(?:proto|flags|port|vni)$/.test(name) && !isCoded(name)
  return {
    id: name,
    title: titleOf(name),
    hint: meaning,
    fields: [name],
    ...(readBeside[name] === undefined ? {} : { beside: readBeside[name] }),
    sort: type === 'JSON' || type.endsWith('[]') ? [] : [name],
    ...(isNumber ? { end: true } : {}),
    ...(isTime || (isNumber && unit !== 'ns' && unit !== 'ms')
      ? {
          csv: (read: Read) => {
            const text = plainText(read(name))
            return text === '' ? null : isTime ? fullTime(text) : text
          },
        }
      : {}),
    ...widthOf(name, type, isNumber ? 92 : 130),
    value: (read) => [name, read(name)],
    cell: (read) => {
      const value = read(name)
      return value === null || value === undefined ? <span className="dim">–</span> : show(value, read)
    },
  }
}

function widthOf(name: string, type: string, usual: number): { width: number; grow: number } {
  if (type.startsWith('TIMESTAMP')) return { width: 116, grow: 0 }
  if (/^inner_.*_port$/.test(name)) return { width: 168, grow: 0 }
  if (name.endsWith('_port')) return { width: 72, grow: 0 }
  if (name === 'proto') return { width: 76, grow: 0 }
  if (name === 'tcp_flags' || name === 'drop_flags') return { width: 150, grow: 1 }
  if (/^(?:drop_cause|dns_name|tls_cipher_suite)$/.test(name)) return { width: 200, grow: 2 }
  if (/^(?:firewall_reason|(?:in|out)_acl)$/.test(name)) return { width: 264, grow: 2 }
  if (/^(?:dns_(?:rcode|latency)|drop_(?:state|packets|bytes))$/.test(name)) return { width: 144, grow: 1 }
  if (name === 'network_events') return { width: 280, grow: 2 }
  return { width: usual, grow: 1 }
}

const member = 'extra.'

export function isMember(name: string): boolean {
  return name.startsWith(member)
}

/** A member of `extra`, by its own name. */
function memberColumn(name: string): FlowColumn {
  const column = fieldColumn({ name, type: 'VARCHAR', meaning: flowFieldsText.member(name.slice(member.length)) })
  return { ...column, title: name.slice(member.length) }
}

export function isGroupable({ id, sort, fields }: FlowColumn): boolean {
  return sort.length > 0 && fields.length === 1 && !id.startsWith('_')
}

export function flowColumns(
  fields: readonly ViewColumn[],
  members: readonly string[] = [],
): ReadonlyMap<string, FlowColumn> {
  const ofFields = fields.map((field) =>
    field.name.endsWith('_est') ? estimated(fieldColumn(field)) : fieldColumn(field),
  )
  const all = [endpoint('src', members), endpoint('dst', members), ...ofFields, ...members.map(memberColumn)]
  return new Map(all.map((column) => [column.id, column]))
}

export function fieldsOf(columns: readonly FlowColumn[]): readonly string[] {
  return [
    ...new Set([...columns.flatMap(({ fields, beside = [] }) => [...fields, ...beside]), 'time_received', '_pos']),
  ]
}

/** `-src` in the URL becomes `-src_name,-src_addr` for the API. */
export function sortFields(sort: string, columns: ReadonlyMap<string, FlowColumn>): string {
  const [sign, id] = sort.startsWith('-') ? ['-', sort.slice(1)] : ['', sort]
  return (columns.get(id)?.sort ?? []).map((field) => sign + field).join(',')
}

export function gridColumns(
  columns: readonly FlowColumn[],
  fields: readonly string[],
  widths: Widths,
): readonly GridColumn<Row>[] {
  const places = new Map(fields.map((name, index) => [name, index]))
  return columns.map(({ id, title, hint, width, grow, end, sort, cell }) => ({
    id,
    title,
    hint,
    width: widths[id] ?? width,
    grow: widths[id] === undefined ? grow : 0,
    isSized: widths[id] !== undefined,
    sortable: sort.length > 0,
    ...(end === undefined ? {} : { end }),
    cell: (row) => cell((name) => row[places.get(name) ?? -1] ?? null),
  }))
}
