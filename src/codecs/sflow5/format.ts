/** sFlow version 5 numbers; tag: enterprise << 12 | format. */
export const sampleTag = { flow: 1, counters: 2, expandedFlow: 3, expandedCounters: 4, discarded: 5 } as const

export const recordTag = {
  header: 1,
  ethernet: 2,
  ipv4: 3,
  ipv6: 4,
  switch: 1001,
  router: 1002,
  gateway: 1003,
  mpls: 1006,
  nat: 1007,
  vlanTunnel: 1012,
  natPorts: 1020,
} as const

/** The two highest bits of an interface: ifIndex, drop reason, or number of interfaces. */
export const interfaceFormat = { index: 0, dropped: 1, multiple: 2 } as const

const unreachable = [
  'net_unreachable',
  'host_unreachable',
  'protocol_unreachable',
  'port_unreachable',
  'frag_needed',
  'src_route_failed',
  'dst_net_unknown',
  'dst_host_unknown',
  'src_host_isolated',
  'dst_net_prohibited',
  'dst_host_prohibited',
  'dst_net_tos_unreachable',
  'dst_host_tos_unreachable',
  'comm_admin_prohibited',
  'host_precedence_violation',
  'precedence_cutoff',
]
/** From 256 on. */
const others = [
  'unknown',
  'ttl_exceeded',
  'acl',
  'no_buffer_space',
  'red',
  'traffic_shaping',
  'pkt_too_big',
  'src_mac_is_multicast',
  'vlan_tag_mismatch',
  'ingress_vlan_filter',
  'ingress_spanning_tree_filter',
  'port_list_is_empty',
  'port_loopback_filter',
  'blackhole_route',
  'non_ip',
  'uc_dip_over_mc_dmac',
  'dip_is_loopback_address',
  'sip_is_mc',
  'sip_is_loopback_address',
  'ip_header_corrupted',
  'ipv4_sip_is_limited_bc',
  'ipv6_mc_dip_reserved_scope',
  'ipv6_mc_dip_interface_local_scope',
  'unresolved_neigh',
  'mc_reverse_path_forwarding',
  'non_routable_packet',
  'decap_error',
  'overlay_smac_is_mc',
  'unknown_l2',
  'unknown_l3',
  'unknown_l3_exception',
  'unknown_buffer',
  'unknown_tunnel',
  'unknown_l4',
]

export function dropReason(number: number): string {
  return unreachable[number] ?? others[number - 256] ?? String(number)
}

const [denied, droppedByAcl, unroutable, adjacency, tooBig, badTtl, policer, wred, rpf] = [
  129, 130, 131, 132, 133, 137, 138, 139, 140,
]
const statusOf: Readonly<Record<string, number>> = {
  frag_needed: tooBig,
  src_host_isolated: unroutable,
  dst_net_prohibited: denied,
  dst_host_prohibited: denied,
  comm_admin_prohibited: denied,
  host_precedence_violation: denied,
  precedence_cutoff: denied,
  ttl_exceeded: badTtl,
  acl: droppedByAcl,
  red: wred,
  traffic_shaping: policer,
  pkt_too_big: tooBig,
  src_mac_is_multicast: unroutable,
  blackhole_route: unroutable,
  unresolved_neigh: adjacency,
  mc_reverse_path_forwarding: rpf,
  non_routable_packet: unroutable,
}

/** Forwarding status of IANA: dropped, with the reason that is nearest; 128 without one. */
export function dropStatus(number: number): number {
  return statusOf[dropReason(number)] ?? (number < unreachable.length ? unroutable : 128)
}
