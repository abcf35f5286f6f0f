import { isRecord } from '../../../src/model/json.ts'
import type { Golden } from './compare.ts'

type Names = Readonly<Record<string, string>>

/** Names of IANA in snake case, and those of logstash-codec-netflow; the first of a column counts. */
const names: Names = {
  source_ipv4_address: 'src_addr',
  source_ipv6_address: 'src_addr',
  ipv4_src_addr: 'src_addr',
  ipv6_src_addr: 'src_addr',
  destination_ipv4_address: 'dst_addr',
  destination_ipv6_address: 'dst_addr',
  ipv4_dst_addr: 'dst_addr',
  ipv6_dst_addr: 'dst_addr',
  source_transport_port: 'src_port',
  l4_src_port: 'src_port',
  destination_transport_port: 'dst_port',
  l4_dst_port: 'dst_port',
  protocol_identifier: 'proto',
  protocol: 'proto',
  octet_delta_count: 'bytes',
  octet_total_count: 'bytes',
  in_bytes: 'bytes',
  packet_delta_count: 'packets',
  packet_total_count: 'packets',
  in_pkts: 'packets',
  ingress_interface: 'in_if',
  input_snmp: 'in_if',
  egress_interface: 'out_if',
  output_snmp: 'out_if',
  bgp_source_as_number: 'src_as',
  src_as: 'src_as',
  bgp_destination_as_number: 'dst_as',
  dst_as: 'dst_as',
  source_ipv4_prefix_length: 'src_mask',
  source_ipv6_prefix_length: 'src_mask',
  src_mask: 'src_mask',
  destination_ipv4_prefix_length: 'dst_mask',
  destination_ipv6_prefix_length: 'dst_mask',
  dst_mask: 'dst_mask',
  ip_next_hop_ipv4_address: 'next_hop',
  ip_next_hop_ipv6_address: 'next_hop',
  ipv4_next_hop: 'next_hop',
  ipv6_next_hop: 'next_hop',
  source_mac_address: 'src_mac',
  in_src_mac: 'src_mac',
  destination_mac_address: 'dst_mac',
  in_dst_mac: 'dst_mac',
  tcp_control_bits: 'tcp_flags',
  tcp_flags: 'tcp_flags',
  icmp_type_ipv4: 'icmp_type',
  icmp_type_ipv6: 'icmp_type',
  icmp_code_ipv4: 'icmp_code',
  icmp_code_ipv6: 'icmp_code',
  flow_start_milliseconds: 'time_start',
  flow_end_milliseconds: 'time_end',
  flow_start_msec: 'time_start',
  flow_end_msec: 'time_end',
  first_switched: 'time_start',
  last_switched: 'time_end',
  forwarding_status: 'forwarding_status',
  flow_direction: 'direction',
  direction: 'direction',
  vlan_id: 'vlan',
  src_vlan: 'vlan',
  post_vlan_id: 'dst_vlan',
  flow_end_reason: 'flow_end_reason',
  post_nat_source_ipv4_address: 'xlat_src_addr',
  post_nat_destination_ipv4_address: 'xlat_dst_addr',
  xlate_src_addr_ipv4: 'xlat_src_addr',
  xlate_dst_addr_ipv4: 'xlat_dst_addr',
  asa_xlate_src_addr_ipv4: 'xlat_src_addr',
  asa_xlate_dst_addr_ipv4: 'xlat_dst_addr',
  xlate_src_port: 'xlat_src_port',
  xlate_dst_port: 'xlat_dst_port',
  asa_xlate_src_port: 'xlat_src_port',
  asa_xlate_dst_port: 'xlat_dst_port',
  post_napt_source_transport_port: 'xlat_src_port',
  post_napt_destination_transport_port: 'xlat_dst_port',
  ingress_vrfid: 'in_vrf',
  egress_vrfid: 'out_vrf',
  flow_label_ipv6: 'flow_label',
}
const icmp = new Set([1, 58])
const tos = new Set(['ip_class_of_service', 'src_tos'])

const snake = (name: string): string =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll('i_pv', 'ipv')
    .replaceAll(/_ipv_?([46])/g, '_ipv$1')

function valueOf(column: string, value: unknown): unknown {
  if (column.startsWith('time_')) return typeof value === 'string' ? Date.parse(value) : value
  if (column.endsWith('_mac')) return String(value).toLowerCase()
  return value
}

/** Of elements with two families, the one that is not zero. */
const ofFamily = /_(?:addr|mask|hop)$/
const isZero = (value: unknown): boolean => value === 0 || value === '0.0.0.0' || value === '::'
const isDelta = (name: string): boolean => name.endsWith('_delta_count')

/** A record of elements by name. */
export function goldenOf(record: Readonly<Record<string, unknown>>): Golden {
  const golden: Record<string, unknown> = {}
  for (const [given, value] of Object.entries(record)) {
    const name = snake(given)
    const column = names[name]
    if (tos.has(name) && typeof value === 'number') golden['dscp'] = value >> 2
    else if (name === 'icmp_type_code_ipv4' || name === 'icmp_type_code_ipv6') {
      golden['icmp_type'] ??= Number(value) >> 8
      golden['icmp_code'] ??= Number(value) & 255
    } else if (column !== undefined && !isRecord(value)) {
      const plain = valueOf(column, value)
      if (!(column in golden) || isDelta(name) || (ofFamily.test(column) && !isZero(plain))) golden[column] = plain
    }
  }
  if (icmp.has(Number(golden['proto']))) for (const port of ['src_port', 'dst_port']) delete golden[port]
  else for (const part of ['icmp_type', 'icmp_code']) delete golden[part]
  return golden
}
