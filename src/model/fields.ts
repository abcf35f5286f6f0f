import type { ColumnKind } from './columns.ts'

/**
 * The field registry: one place that names what a flow can carry. It drives frames, SQL, completion, console columns
 * and docs. Additive and versioned: an `id` or a `kind` never changes, a field is never removed, only marked.
 */
export interface Field {
  /** Number in frames. */
  readonly id: number
  /** Canonical name: the SQL name. */
  readonly name: string
  readonly kind: ColumnKind
  readonly unit?: string
  /** Name in OpenTelemetry's conventions, where there is one. */
  readonly otel?: string
  readonly meaning: string
  /** Registry version that added it. */
  readonly since: number
}

export const registryVersion = 1

export const flowFields = [
  { id: 1, name: 'time_start', kind: 'time', unit: 'ms', since: 1, meaning: 'First packet, by the exporter’s clock' },
  { id: 2, name: 'time_end', kind: 'time', unit: 'ms', since: 1, meaning: 'Last packet, by the exporter’s clock' },
  { id: 3, name: 'time_received', kind: 'time', unit: 'ms', since: 1, meaning: 'When Weir received it' },
  { id: 4, name: 'src_addr', kind: 'ip', otel: 'source.address', since: 1, meaning: 'Source address' },
  { id: 5, name: 'dst_addr', kind: 'ip', otel: 'destination.address', since: 1, meaning: 'Destination address' },
  { id: 6, name: 'exporter_addr', kind: 'ip', since: 1, meaning: 'Address of the exporter that sent it' },
  { id: 7, name: 'src_port', kind: 'u16', otel: 'source.port', since: 1, meaning: 'Source port (TCP, UDP, SCTP)' },
  { id: 8, name: 'dst_port', kind: 'u16', otel: 'destination.port', since: 1, meaning: 'Destination port (TCP, UDP, SCTP)' },
  { id: 9, name: 'proto', kind: 'u8', otel: 'network.transport', since: 1, meaning: 'IP protocol number' },
  { id: 10, name: 'tcp_flags', kind: 'u16', since: 1, meaning: 'TCP flags of all packets, OR-ed' },
  { id: 11, name: 'direction', kind: 'u8', since: 1, meaning: '0 ingress, 1 egress at the observation point' },
  { id: 12, name: 'dscp', kind: 'u8', since: 1, meaning: 'Differentiated services code point' },
  { id: 13, name: 'vlan', kind: 'u16', since: 1, meaning: 'VLAN id' },
  { id: 14, name: 'in_if', kind: 'u32', since: 1, meaning: 'Index of the input interface' },
  { id: 15, name: 'out_if', kind: 'u32', since: 1, meaning: 'Index of the output interface' },
  { id: 16, name: 'bytes', kind: 'u64', unit: 'By', since: 1, meaning: 'Bytes as the exporter reported them' },
  { id: 17, name: 'packets', kind: 'u64', unit: '{packet}', since: 1, meaning: 'Packets as the exporter reported them' },
  { id: 18, name: 'sampling', kind: 'u32', since: 1, meaning: 'One packet in N was looked at; 1 unsampled, absent unknown' },
  { id: 19, name: 'protocol', kind: 'dict', since: 1, meaning: 'netflow5, netflow9, ipfix or sflow5' },
  { id: 20, name: 'protocol_version', kind: 'u8', since: 1, meaning: '5, 9, 10; 5 also for sFlow' },
  { id: 21, name: 'time_skewed', kind: 'u8', since: 1, meaning: '1 when the exporter’s clock is more than the limit away from ours' },
  { id: 22, name: 'icmp_type', kind: 'u8', since: 1, meaning: 'ICMP type' },
  { id: 23, name: 'icmp_code', kind: 'u8', since: 1, meaning: 'ICMP code' },
  { id: 24, name: 'src_as', kind: 'u32', since: 1, meaning: 'Autonomous system of the source, by the exporter' },
  { id: 25, name: 'dst_as', kind: 'u32', since: 1, meaning: 'Autonomous system of the destination, by the exporter' },
  { id: 26, name: 'src_mask', kind: 'u8', since: 1, meaning: 'Prefix length of the source route' },
  { id: 27, name: 'dst_mask', kind: 'u8', since: 1, meaning: 'Prefix length of the destination route' },
  { id: 28, name: 'next_hop', kind: 'ip', since: 1, meaning: 'Address of the next hop' },
  { id: 29, name: 'scope', kind: 'dict', since: 1, meaning: 'Where addresses are to be understood: a cluster or network name; absent is the default' },
] as const satisfies readonly Field[]

export type FlowFieldName = (typeof flowFields)[number]['name']

const byName = new Map<string, Field>(flowFields.map((field) => [field.name, field]))
const byId = new Map<number, Field>(flowFields.map((field) => [field.id, field]))

export function flowField(name: string): Field | undefined {
  return byName.get(name)
}

export function flowFieldById(id: number): Field | undefined {
  return byId.get(id)
}
