import type { Dimension } from './state.ts'

export type Family =
  | 'flows'
  | 'drops'
  | 'dns'
  | 'rtt'
  | 'tls'
  | 'events'
  | 'ipsec'
  | 'as'
  | 'country'
  | 'interface'
  | 'firewall'
  | 'denied'
  | 'nat'
  | 'application'
  | 'user'
export type Feature = Exclude<Family, 'flows'>

export const conditions: Readonly<Record<Feature, string>> = {
  drops: '(drop_packets > 0 or drop_bytes > 0)',
  dns: '(exists(dns_rcode) or exists(dns_latency))',
  rtt: 'exists(rtt)',
  tls: 'exists(tls_version)',
  events: 'exists(network_events)',
  ipsec: 'exists(ipsec_status)',
  // Exporters write 0 for unknown.
  as: '(src_as > 0 or dst_as > 0)',
  country: '(exists(src_country) or exists(dst_country))',
  interface: '(in_if > 0 or out_if > 0)',
  firewall: 'exists(firewall_event)',
  // Bits of the forwarding status: dropped (RFC 7270, section 4.12).
  denied: '(firewall_event = denied or (forwarding_status >= 128 and forwarding_status < 192))',
  nat: 'exists(nat_event)',
  application: 'exists(application)',
  user: 'exists(user)',
}

export type GroupField =
  | Dimension
  | 'drop_state'
  | 'drop_cause'
  | 'dns_rcode'
  | 'dns_name'
  | 'tls_version'
  | 'tls_cipher_suite'
  | 'tls_group'
  | 'network_events'
  | 'ipsec_status'
  | 'src_as'
  | 'dst_as'
  | 'src_country'
  | 'dst_country'
  | 'in_if'
  | 'out_if'
  | 'firewall_event'
  | 'firewall_reason'
  | 'in_acl'
  | 'nat_event'
  | 'application'
  | 'user'
