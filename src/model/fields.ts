// Long because it is one table.
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
  /** Key in NetObserv's flow record, where there is one. */
  readonly netobserv?: string
  /** Other names that a filter may use, beside those that {@link namesOf} derives. */
  readonly aliases?: readonly string[]
  readonly meaning: string
  /** Registry version that added it. */
  readonly since: number
}

export const registryVersion = 2

export const flowFields = [
  { id: 1, name: 'time_start', kind: 'time', netobserv: 'TimeFlowStartMs', unit: 'ms', aliases: ['timeflowstart'], since: 1, meaning: 'First packet, by the exporter’s clock' },
  { id: 2, name: 'time_end', kind: 'time', netobserv: 'TimeFlowEndMs', unit: 'ms', aliases: ['timeflowend'], since: 1, meaning: 'Last packet, by the exporter’s clock' },
  { id: 3, name: 'time_received', kind: 'time', netobserv: 'TimeReceived', unit: 'ms', aliases: ['timereceived'], since: 1, meaning: 'When Weir received it' },
  { id: 4, name: 'src_addr', kind: 'ip', netobserv: 'SrcAddr', otel: 'source.address', aliases: ['src_address'], since: 1, meaning: 'Source address' },
  { id: 5, name: 'dst_addr', kind: 'ip', netobserv: 'DstAddr', otel: 'destination.address', aliases: ['dst_address'], since: 1, meaning: 'Destination address' },
  { id: 6, name: 'exporter_addr', kind: 'ip', netobserv: 'AgentIP', aliases: ['SamplerAddress'], since: 1, meaning: 'Address of the exporter that sent it' },
  { id: 7, name: 'src_port', kind: 'u16', netobserv: 'SrcPort', otel: 'source.port', since: 1, meaning: 'Source port (TCP, UDP, SCTP)' },
  { id: 8, name: 'dst_port', kind: 'u16', netobserv: 'DstPort', otel: 'destination.port', since: 1, meaning: 'Destination port (TCP, UDP, SCTP)' },
  { id: 9, name: 'proto', kind: 'u8', netobserv: 'Proto', otel: 'network.transport', since: 1, meaning: 'IP protocol number' },
  { id: 10, name: 'tcp_flags', kind: 'u16', netobserv: 'Flags', aliases: ['tcp.flags', 'TcpFlags'], since: 1, meaning: 'TCP flags of all packets, OR-ed' },
  { id: 11, name: 'direction', kind: 'u8', since: 1, meaning: '0 ingress, 1 egress at the observation point' },
  { id: 12, name: 'dscp', kind: 'u8', netobserv: 'Dscp', since: 1, meaning: 'Differentiated services code point' },
  { id: 13, name: 'vlan', kind: 'u16', netobserv: 'VlanId', since: 1, meaning: 'VLAN id' },
  { id: 14, name: 'in_if', kind: 'u32', netobserv: 'InIf', since: 1, meaning: 'Index of the input interface' },
  { id: 15, name: 'out_if', kind: 'u32', netobserv: 'OutIf', since: 1, meaning: 'Index of the output interface' },
  { id: 16, name: 'bytes', kind: 'u64', netobserv: 'Bytes', unit: 'By', since: 1, meaning: 'Bytes as the exporter reported them' },
  { id: 17, name: 'packets', kind: 'u64', netobserv: 'Packets', unit: '{packet}', since: 1, meaning: 'Packets as the exporter reported them' },
  { id: 18, name: 'sampling', kind: 'u32', netobserv: 'Sampling', aliases: ['SamplingRate'], since: 1, meaning: 'One packet in N was looked at; 1 unsampled, absent unknown' },
  { id: 19, name: 'protocol', kind: 'dict', since: 1, meaning: 'netflow5, netflow9, ipfix or sflow5' },
  { id: 20, name: 'protocol_version', kind: 'u8', since: 1, meaning: '5, 9, 10; 5 also for sFlow' },
  { id: 21, name: 'time_skewed', kind: 'u8', since: 1, meaning: '1 when the exporter’s clock is more than the limit away from ours' },
  { id: 22, name: 'icmp_type', kind: 'u8', netobserv: 'IcmpType', aliases: ['icmp.type'], since: 1, meaning: 'ICMP type' },
  { id: 23, name: 'icmp_code', kind: 'u8', netobserv: 'IcmpCode', aliases: ['icmp.code'], since: 1, meaning: 'ICMP code' },
  { id: 24, name: 'src_as', kind: 'u32', netobserv: 'SrcAs', since: 1, meaning: 'Autonomous system of the source, by the exporter, else by a database (setting `geo`)' },
  { id: 25, name: 'dst_as', kind: 'u32', netobserv: 'DstAs', since: 1, meaning: 'Autonomous system of the destination, by the exporter, else by a database (setting `geo`)' },
  { id: 26, name: 'src_mask', kind: 'u8', since: 1, meaning: 'Prefix length of the source route' },
  { id: 27, name: 'dst_mask', kind: 'u8', since: 1, meaning: 'Prefix length of the destination route' },
  { id: 28, name: 'next_hop', kind: 'ip', netobserv: 'NextHop', since: 1, meaning: 'Address of the next hop' },
  { id: 29, name: 'scope', kind: 'dict', since: 1, meaning: 'Where addresses are to be understood: a cluster or network name; absent is the default' },
  { id: 30, name: 'etype', kind: 'u16', netobserv: 'Etype', since: 2, meaning: 'Ethertype: 2048 IPv4, 34525 IPv6' },
  { id: 31, name: 'src_mac', kind: 'mac', otel: 'source.mac', netobserv: 'SrcMac', since: 2, meaning: 'Source MAC address' },
  { id: 32, name: 'dst_mac', kind: 'mac', otel: 'destination.mac', netobserv: 'DstMac', since: 2, meaning: 'Destination MAC address' },
  { id: 33, name: 'dst_vlan', kind: 'u16', netobserv: 'DstVlan', since: 2, meaning: 'VLAN id behind the observation point' },
  { id: 34, name: 'inner_vlan', kind: 'u16', since: 2, meaning: 'Customer VLAN id, inside an outer tag' },
  { id: 35, name: 'in_if_name', kind: 'dict', since: 2, meaning: 'Name of the input interface' },
  { id: 36, name: 'out_if_name', kind: 'dict', since: 2, meaning: 'Name of the output interface' },
  { id: 37, name: 'interfaces', kind: 'list<dict>', otel: 'interface.names', netobserv: 'Interfaces', since: 2, meaning: 'Names of the interfaces that saw the flow' },
  { id: 38, name: 'if_directions', kind: 'list<u8>', otel: 'interface.directions', netobserv: 'IfDirections', aliases: ['ifdirections'], since: 2, meaning: '0 ingress, 1 egress, for each of interfaces' },
  { id: 39, name: 'udns', kind: 'list<dict>', netobserv: 'Udns', since: 2, meaning: 'User-defined networks, for each of interfaces' },
  { id: 40, name: 'node_direction', kind: 'u8', otel: 'host.direction', netobserv: 'FlowDirection', since: 2, meaning: '0 ingress, 1 egress, 2 inside one node: direction as the node sees it' },
  { id: 41, name: 'ip_ttl', kind: 'u8', netobserv: 'IpTtl', since: 2, meaning: 'Time to live, or hop limit' },
  { id: 42, name: 'flow_label', kind: 'u32', netobserv: 'Ipv6FlowLabel', since: 2, meaning: 'IPv6 flow label' },
  { id: 43, name: 'fragment_id', kind: 'u32', netobserv: 'FragmentId', since: 2, meaning: 'Identification of a fragmented datagram' },
  { id: 44, name: 'fragment_offset', kind: 'u16', netobserv: 'FragmentOffset', since: 2, meaning: 'Fragment offset' },
  { id: 45, name: 'forwarding_status', kind: 'u32', netobserv: 'ForwardingStatus', since: 2, meaning: 'Forwarding status (information element 89)' },
  { id: 46, name: 'flow_end_reason', kind: 'u8', since: 2, meaning: '1 idle, 2 active timeout, 3 end of flow, 4 forced, 5 lack of resources' },
  { id: 47, name: 'flow_id', kind: 'u64', since: 2, meaning: 'Id of the flow by its exporter' },
  { id: 48, name: 'biflow_direction', kind: 'u8', netobserv: 'BiFlowDirection', since: 2, meaning: '0 arbitrary, 1 initiator, 2 reverse initiator, 3 perimeter' },
  { id: 49, name: 'reverse', kind: 'u8', since: 2, meaning: '1 when the row is the reverse half of a bidirectional record' },
  { id: 50, name: 'bgp_next_hop', kind: 'ip', netobserv: 'BgpNextHop', since: 2, meaning: 'Address of the next hop by BGP' },
  { id: 51, name: 'mpls_labels', kind: 'list<dict>', since: 2, meaning: 'MPLS labels, top of the stack first' },
  { id: 52, name: 'in_vrf', kind: 'u32', netobserv: 'IngressVrfId', since: 2, meaning: 'Id of the ingress VRF' },
  { id: 53, name: 'out_vrf', kind: 'u32', netobserv: 'EgressVrfId', since: 2, meaning: 'Id of the egress VRF' },
  { id: 54, name: 'observation_domain', kind: 'u32', netobserv: 'ObservationDomainId', since: 2, meaning: 'Observation domain, or source id' },
  { id: 55, name: 'observation_point', kind: 'u64', netobserv: 'ObservationPointId', since: 2, meaning: 'Observation point' },
  { id: 56, name: 'src_country', kind: 'dict', since: 2, meaning: 'Country of the source address (ISO 3166-1 alpha-2)' },
  { id: 57, name: 'dst_country', kind: 'dict', since: 2, meaning: 'Country of the destination address (ISO 3166-1 alpha-2)' },
  { id: 58, name: 'rtt', kind: 'u64', unit: 'ns', otel: 'tcp.rtt', netobserv: 'TimeFlowRttNs', aliases: ['time_flow_rtt'], since: 2, meaning: 'Smoothed TCP round-trip time, the largest seen' },
  { id: 59, name: 'dns_id', kind: 'u16', otel: 'dns.id', netobserv: 'DnsId', since: 2, meaning: 'DNS transaction id' },
  { id: 60, name: 'dns_flags', kind: 'u16', otel: 'dns.flags', netobserv: 'DnsFlags', since: 2, meaning: 'DNS header flags' },
  { id: 61, name: 'dns_rcode', kind: 'dict', otel: 'dns.responsecode', netobserv: 'DnsFlagsResponseCode', aliases: ['dns_flag_response_code'], since: 2, meaning: 'DNS response code, as NoError or NXDomain' },
  { id: 62, name: 'dns_latency', kind: 'f64', unit: 'ms', otel: 'dns.latency', netobserv: 'DnsLatencyMs', since: 2, meaning: 'Time from DNS query to response' },
  { id: 63, name: 'dns_errno', kind: 'u32', otel: 'dns.errno', netobserv: 'DnsErrno', since: 2, meaning: 'Error number of the DNS tracker; 0 is fine' },
  { id: 64, name: 'dns_name', kind: 'dict', netobserv: 'DnsName', since: 2, meaning: 'Name that was asked for' },
  { id: 65, name: 'drop_bytes', kind: 'u64', unit: 'By', otel: 'drops.bytes', netobserv: 'PktDropBytes', since: 2, meaning: 'Bytes that the kernel dropped' },
  { id: 66, name: 'drop_packets', kind: 'u64', unit: '{packet}', otel: 'drops.packets', netobserv: 'PktDropPackets', since: 2, meaning: 'Packets that the kernel dropped' },
  { id: 67, name: 'drop_flags', kind: 'u16', otel: 'drops.latestflags', netobserv: 'PktDropLatestFlags', since: 2, meaning: 'TCP flags of the last dropped packet' },
  { id: 68, name: 'drop_state', kind: 'dict', otel: 'drops.lateststate', netobserv: 'PktDropLatestState', aliases: ['pkt_drop_state'], since: 2, meaning: 'TCP state at the last drop' },
  { id: 69, name: 'drop_cause', kind: 'dict', otel: 'drops.latestcause', netobserv: 'PktDropLatestDropCause', aliases: ['pkt_drop_cause'], since: 2, meaning: 'Cause of the last drop' },
  { id: 70, name: 'xlat_src_addr', kind: 'ip', netobserv: 'XlatSrcAddr', aliases: ['xlat_src_address'], since: 2, meaning: 'Source address after translation' },
  { id: 71, name: 'xlat_dst_addr', kind: 'ip', netobserv: 'XlatDstAddr', aliases: ['xlat_dst_address'], since: 2, meaning: 'Destination address after translation' },
  { id: 72, name: 'xlat_src_port', kind: 'u16', netobserv: 'XlatSrcPort', since: 2, meaning: 'Source port after translation' },
  { id: 73, name: 'xlat_dst_port', kind: 'u16', netobserv: 'XlatDstPort', since: 2, meaning: 'Destination port after translation' },
  { id: 74, name: 'xlat_zone', kind: 'u16', netobserv: 'ZoneId', aliases: ['xlat_zone_id'], since: 2, meaning: 'Connection tracking zone' },
  { id: 75, name: 'ipsec_code', kind: 'i32', netobserv: 'IPSecRetCode', since: 2, meaning: 'Return code of IPsec' },
  { id: 76, name: 'ipsec_status', kind: 'dict', netobserv: 'IPSecStatus', since: 2, meaning: 'IPsec: success or error' },
  { id: 77, name: 'network_events', kind: 'json', netobserv: 'NetworkEvents', since: 2, meaning: 'Events of the network on the way, as of policies' },
  { id: 78, name: 'tls_version', kind: 'dict', netobserv: 'TLSVersion', since: 2, meaning: 'TLS version' },
  { id: 79, name: 'tls_cipher_suite', kind: 'dict', netobserv: 'TLSCipherSuite', since: 2, meaning: 'TLS cipher suite' },
  { id: 80, name: 'tls_group', kind: 'dict', netobserv: 'TLSGroup', since: 2, meaning: 'TLS key exchange group' },
  { id: 81, name: 'tls_types', kind: 'list<dict>', netobserv: 'TLSTypes', since: 2, meaning: 'TLS record types seen' },
  { id: 82, name: 'quic_version', kind: 'u32', netobserv: 'QuicVersion', since: 2, meaning: 'QUIC version' },
  { id: 83, name: 'quic_long_header', kind: 'u8', netobserv: 'QuicSeenLongHdr', since: 2, meaning: '1 when a QUIC long header was seen' },
  { id: 84, name: 'quic_short_header', kind: 'u8', netobserv: 'QuicSeenShortHdr', since: 2, meaning: '1 when a QUIC short header was seen' },
  { id: 85, name: 'src_name', kind: 'dict', otel: 'source.k8s.name', netobserv: 'SrcK8S_Name', since: 2, meaning: 'Name of the source: as the flow carried it, else as resolved for the time of the flow' },
  { id: 86, name: 'src_label', kind: 'dict', otel: 'source.subnet.label', netobserv: 'SrcSubnetLabel', aliases: ['src_subnet_label'], since: 2, meaning: 'Label of the network of the source: as the flow carried it, else as resolved' },
  { id: 87, name: 'src_kind', kind: 'dict', otel: 'source.k8s.kind', netobserv: 'SrcK8S_Type', since: 2, meaning: 'Kind of the source: Pod, Service, Node' },
  { id: 88, name: 'src_namespace', kind: 'dict', otel: 'source.k8s.namespace.name', netobserv: 'SrcK8S_Namespace', aliases: ['src.ns'], since: 2, meaning: 'Namespace of the source' },
  { id: 89, name: 'src_owner_name', kind: 'dict', otel: 'source.k8s.owner.name', netobserv: 'SrcK8S_OwnerName', aliases: ['src.owner'], since: 2, meaning: 'Workload that owns the source' },
  { id: 90, name: 'src_owner_kind', kind: 'dict', otel: 'source.k8s.owner.kind', netobserv: 'SrcK8S_OwnerType', since: 2, meaning: 'Kind of the workload that owns the source' },
  { id: 91, name: 'src_node', kind: 'dict', otel: 'source.k8s.host.name', netobserv: 'SrcK8S_HostName', aliases: ['src.host', 'src_host_name'], since: 2, meaning: 'Node on which the source runs' },
  { id: 92, name: 'src_node_addr', kind: 'ip', otel: 'source.k8s.host.address', netobserv: 'SrcK8S_HostIP', aliases: ['src_host_address'], since: 2, meaning: 'Address of the node on which the source runs' },
  { id: 93, name: 'src_zone', kind: 'dict', otel: 'source.zone', netobserv: 'SrcK8S_Zone', since: 2, meaning: 'Zone of the source' },
  { id: 94, name: 'src_network', kind: 'dict', netobserv: 'SrcK8S_NetworkName', since: 2, meaning: 'Network of the source: primary, or a secondary one' },
  { id: 95, name: 'dst_name', kind: 'dict', otel: 'destination.k8s.name', netobserv: 'DstK8S_Name', since: 2, meaning: 'Name of the destination: as the flow carried it, else as resolved for the time of the flow' },
  { id: 96, name: 'dst_label', kind: 'dict', otel: 'destination.subnet.label', netobserv: 'DstSubnetLabel', aliases: ['dst_subnet_label'], since: 2, meaning: 'Label of the network of the destination: as the flow carried it, else as resolved' },
  { id: 97, name: 'dst_kind', kind: 'dict', otel: 'destination.k8s.kind', netobserv: 'DstK8S_Type', since: 2, meaning: 'Kind of the destination: Pod, Service, Node' },
  { id: 98, name: 'dst_namespace', kind: 'dict', otel: 'destination.k8s.namespace.name', netobserv: 'DstK8S_Namespace', aliases: ['dst.ns'], since: 2, meaning: 'Namespace of the destination' },
  { id: 99, name: 'dst_owner_name', kind: 'dict', otel: 'destination.k8s.owner.name', netobserv: 'DstK8S_OwnerName', aliases: ['dst.owner'], since: 2, meaning: 'Workload that owns the destination' },
  { id: 100, name: 'dst_owner_kind', kind: 'dict', otel: 'destination.k8s.owner.kind', netobserv: 'DstK8S_OwnerType', since: 2, meaning: 'Kind of the workload that owns the destination' },
  { id: 101, name: 'dst_node', kind: 'dict', otel: 'destination.k8s.host.name', netobserv: 'DstK8S_HostName', aliases: ['dst.host', 'dst_host_name'], since: 2, meaning: 'Node on which the destination runs' },
  { id: 102, name: 'dst_node_addr', kind: 'ip', otel: 'destination.k8s.host.address', netobserv: 'DstK8S_HostIP', aliases: ['dst_host_address'], since: 2, meaning: 'Address of the node on which the destination runs' },
  { id: 103, name: 'dst_zone', kind: 'dict', otel: 'destination.zone', netobserv: 'DstK8S_Zone', since: 2, meaning: 'Zone of the destination' },
  { id: 104, name: 'dst_network', kind: 'dict', netobserv: 'DstK8S_NetworkName', since: 2, meaning: 'Network of the destination: primary, or a secondary one' },
  { id: 105, name: 'cluster', kind: 'dict', otel: 'k8s.cluster.name', netobserv: 'K8S_ClusterName', aliases: ['cluster_name'], since: 2, meaning: 'Cluster' },
  { id: 106, name: 'flow_layer', kind: 'dict', otel: 'k8s.layer', netobserv: 'K8S_FlowLayer', since: 2, meaning: 'app or infra' },
  { id: 107, name: 'record_type', kind: 'dict', netobserv: '_RecordType', aliases: ['type'], since: 2, meaning: 'flowLog, newConnection, heartbeat or endConnection' },
  { id: 108, name: 'conversation', kind: 'dict', netobserv: '_HashId', aliases: ['id'], since: 2, meaning: 'Id of the conversation' },
  { id: 109, name: 'conversation_first', kind: 'u8', netobserv: '_IsFirst', since: 2, meaning: '1 in the first record of a conversation' },
  { id: 110, name: 'bytes_ab', kind: 'u64', unit: 'By', netobserv: 'Bytes_AB', since: 2, meaning: 'Bytes of the conversation from A to B' },
  { id: 111, name: 'bytes_ba', kind: 'u64', unit: 'By', netobserv: 'Bytes_BA', since: 2, meaning: 'Bytes of the conversation from B to A' },
  { id: 112, name: 'packets_ab', kind: 'u64', unit: '{packet}', netobserv: 'Packets_AB', since: 2, meaning: 'Packets of the conversation from A to B' },
  { id: 113, name: 'packets_ba', kind: 'u64', unit: '{packet}', netobserv: 'Packets_BA', since: 2, meaning: 'Packets of the conversation from B to A' },
  { id: 114, name: 'flow_logs', kind: 'u32', netobserv: 'numFlowLogs', since: 2, meaning: 'Flow records of the conversation' },
  { id: 115, name: 'rtt_max', kind: 'u64', unit: 'ns', netobserv: 'MaxTimeFlowRttNs', since: 2, meaning: 'Largest round-trip time of the conversation' },
  { id: 116, name: 'extra', kind: 'json', since: 2, meaning: 'Further elements that a configuration names, as an object' },
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

/**
 * Every name of a field, the canonical one first: NetObserv's, OpenTelemetry's, aliases, and of each name that begins
 * with `src_` or `src.` also `src.x` and `source.x` (`dst_` alike). What NetObserv's console calls `src_kind` is two
 * fields; here it is the first, the kind of the source itself. Its `protocol` is `proto`: `protocol` is a field of ours.
 */
export function namesOf(field: Field): readonly string[] {
  const written = [field.name, field.netobserv, field.otel, ...(field.aliases ?? [])].filter((name) => name !== undefined)
  const dotted = written.flatMap((name) => {
    const [, side, rest] = /^(src|dst)[_.](.+)$/.exec(name) ?? []
    return rest === undefined ? [] : [`${side}.${rest}`, `${side === 'src' ? 'source' : 'destination'}.${rest}`]
  })
  return [...new Set([...written, ...dotted])]
}

const canonical = new Map<string, FlowFieldName>()
for (const field of flowFields) {
  for (const name of namesOf(field)) {
    const other = canonical.get(name)
    if (other !== undefined) throw new Error(`the field registry gives ${name} to both ${other} and ${field.name}`)
    canonical.set(name, field.name)
  }
}

/**
 * The canonical name that any name of a field stands for, to the letter.
 *
 * @example
 * resolveFieldName('src.ns') // 'src_namespace', as are 'SrcK8S_Namespace' and 'source.k8s.namespace.name'
 */
export function resolveFieldName(text: string): FlowFieldName | undefined {
  return canonical.get(text)
}
