// Elements of a relay by field, of IANA or of vendors.
import type { FlowFieldName } from '../../model/fields.ts'

export const variable = 0xffff

export type Element = Readonly<{ id: number; bytes: number; pen?: number }>

export const ciscoPen = 9
/** VMware's elements of the packet in a tunnel, of which IANA has only the network. */
const vmwarePen = 6876

type NumberRow = readonly [field: FlowFieldName, id: number, bytes: number, pen?: number]

export const numbers: readonly NumberRow[] = [
  ['proto', 4, 1],
  ['src_port', 7, 2],
  ['dst_port', 11, 2],
  ['bytes', 1, 8],
  ['packets', 2, 8],
  ['tcp_flags', 6, 2],
  ['direction', 61, 1],
  ['in_if', 10, 4],
  ['out_if', 14, 4],
  ['src_as', 16, 4],
  ['dst_as', 17, 4],
  ['vlan', 58, 2],
  ['dst_vlan', 59, 2],
  ['inner_vlan', 245, 2],
  ['in_vrf', 234, 4],
  ['out_vrf', 235, 4],
  ['flow_end_reason', 136, 1],
  ['etype', 256, 2],
  ['ip_ttl', 192, 1],
  ['flow_label', 31, 4],
  ['fragment_id', 54, 4],
  ['fragment_offset', 88, 2],
  ['flow_id', 148, 8],
  ['observation_point', 138, 8],
  ['biflow_direction', 239, 1],
  ['xlat_src_port', 227, 2],
  ['xlat_dst_port', 228, 2],
  ['sampling', 34, 4],
  ['firewall_event', 233, 1],
  ['firewall_reason', 33_002 - 0x8000, 2, ciscoPen],
  ['nat_event', 230, 1],
  ['inner_proto', 880, 1, vmwarePen],
  ['inner_src_port', 886, 2, vmwarePen],
  ['inner_dst_port', 887, 2, vmwarePen],
  ['vni', 351, 8],
]
export const addresses: readonly (readonly [FlowFieldName, v4: number, v6: number, pen?: number])[] = [
  ['src_addr', 8, 27],
  ['dst_addr', 12, 28],
  ['next_hop', 15, 62],
  ['bgp_next_hop', 18, 63],
  ['exporter_addr', 130, 131],
  ['xlat_src_addr', 225, 281],
  ['xlat_dst_addr', 226, 282],
  ['inner_src_addr', 881, 883, vmwarePen],
  ['inner_dst_addr', 882, 884, vmwarePen],
]
export const texts: readonly (readonly [FlowFieldName, id: number])[] = [
  ['application', 96],
  ['user', 371],
  ['in_if_name', 82],
]
/** Fields with names in NetObserv. */
export const names: readonly (readonly [FlowFieldName, id: number])[] = [
  ['src_namespace', 7733],
  ['src_name', 7734],
  ['dst_namespace', 7735],
  ['dst_name', 7736],
  ['src_node', 7737],
  ['dst_node', 7738],
]
