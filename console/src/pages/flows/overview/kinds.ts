import type { Family, Feature, GroupField } from './families.ts'
import type { Measure, PanelName } from './state.ts'
import { overviewText } from '../../../text/overview.ts'
import { panelsText } from './text.ts'

export const familyNames: Readonly<Record<Feature, string>> = {
  drops: panelsText.droppedPacketsInText,
  dns: panelsText.dnsResponses,
  rtt: panelsText.roundTripTimes,
  tls: panelsText.tlsInText,
  events: panelsText.networkEventsInText,
  ipsec: panelsText.ipsecInText,
  as: panelsText.systemsInText,
  country: panelsText.countriesInText,
  interface: panelsText.interfacesInText,
  firewall: panelsText.firewallInText,
  denied: panelsText.deniedInText,
  nat: panelsText.natInText,
  application: panelsText.applicationsInText,
  user: panelsText.usersInText,
}

type Common = Readonly<{
  title: string
  family: Family
}>

export interface RatesKind extends Common {
  readonly shape: 'rates'
  readonly measure: Measure
  readonly field?: GroupField
}

export interface SharesKind extends Common {
  readonly shape: 'donut' | 'bars'
  readonly measure?: Measure
  readonly field?: GroupField
  /** Qualifies the field: an index of an interface is one of its exporter. */
  readonly of?: GroupField
}

export interface PairsKind extends Common {
  readonly shape: 'pairs'
}

export interface TimesKind extends Common {
  readonly shape: 'times' | 'slowest'
  readonly of: 'rtt' | 'dns_latency'
  readonly perMs: number
}

export interface OwnKind extends Common {
  readonly shape: 'map' | 'boundary' | 'percentiles'
}

type PanelKind = OwnKind | RatesKind | SharesKind | PairsKind | TimesKind

const [rtt, dns] = [
  { of: 'rtt', perMs: 1e6, family: 'rtt' },
  { of: 'dns_latency', perMs: 1, family: 'dns' },
] as const

export const panelKinds: Readonly<Record<PanelName, PanelKind>> = {
  bytes: { title: panelsText.bytesPerSecond, shape: 'rates', measure: 'bytes', family: 'flows' },
  packets: { title: panelsText.packetsPerSecond, shape: 'rates', measure: 'packets', family: 'flows' },
  flows: { title: panelsText.flowsPerSecond, shape: 'rates', measure: 'flows', family: 'flows' },
  pairs: { title: panelsText.sourceToDestination, shape: 'pairs', family: 'flows' },
  talkers: { title: panelsText.largest, shape: 'donut', family: 'flows' },
  ports: { title: panelsText.servicePorts, shape: 'bars', field: 'service_port', family: 'flows' },
  protocols: { title: panelsText.protocols, shape: 'donut', field: 'proto', family: 'flows' },
  exporters: { title: panelsText.exporters, shape: 'bars', field: 'exporter_addr', family: 'flows' },
  droppackets: {
    title: panelsText.droppedPacketsPerSecond,
    shape: 'rates',
    measure: 'drop_packets',
    family: 'drops',
  },
  dropbytes: { title: panelsText.droppedBytesPerSecond, shape: 'rates', measure: 'drop_bytes', family: 'drops' },
  dropstates: {
    title: panelsText.droppedPacketsByState,
    shape: 'rates',
    measure: 'drop_packets',
    field: 'drop_state',
    family: 'drops',
  },
  dropcauses: {
    title: panelsText.droppedPacketsByCause,
    shape: 'rates',
    measure: 'drop_packets',
    field: 'drop_cause',
    family: 'drops',
  },
  droppers: { title: panelsText.mostDroppedPackets, shape: 'bars', measure: 'drop_packets', family: 'drops' },
  rcodes: {
    title: panelsText.dnsResponsesByCode,
    shape: 'donut',
    measure: 'flows',
    field: 'dns_rcode',
    family: 'dns',
  },
  dnsrates: {
    title: panelsText.dnsResponsesPerSecond,
    shape: 'rates',
    measure: 'flows',
    field: 'dns_rcode',
    family: 'dns',
  },
  dns: { title: panelsText.dnsResponseTime, shape: 'times', ...dns },
  dnsnames: {
    title: panelsText.dnsQueryNames,
    shape: 'bars',
    measure: 'flows',
    field: 'dns_name',
    family: 'dns',
  },
  dnsslow: { title: panelsText.slowestDnsResponses, shape: 'slowest', ...dns },
  rtt: { title: panelsText.roundTripTime, shape: 'times', ...rtt },
  rttslow: { title: panelsText.longestRoundTrips, shape: 'slowest', ...rtt },
  tlsversions: {
    title: panelsText.tlsVersions,
    shape: 'donut',
    measure: 'flows',
    field: 'tls_version',
    family: 'tls',
  },
  tlsrates: {
    title: panelsText.tlsFlowsPerSecond,
    shape: 'rates',
    measure: 'flows',
    field: 'tls_version',
    family: 'tls',
  },
  tlsciphers: {
    title: panelsText.cipherSuites,
    shape: 'bars',
    measure: 'flows',
    field: 'tls_cipher_suite',
    family: 'tls',
  },
  tlsgroups: { title: panelsText.keyExchange, shape: 'bars', measure: 'flows', field: 'tls_group', family: 'tls' },
  netevents: {
    title: panelsText.networkEvents,
    shape: 'bars',
    measure: 'flows',
    field: 'network_events',
    family: 'events',
  },
  neteventrates: {
    title: panelsText.networkEventsPerSecond,
    shape: 'rates',
    measure: 'flows',
    field: 'network_events',
    family: 'events',
  },
  ipsec: {
    title: panelsText.ipsecFlowsPerSecond,
    shape: 'rates',
    measure: 'flows',
    field: 'ipsec_status',
    family: 'ipsec',
  },
  srcas: { title: overviewText.sourceSystems, shape: 'bars', field: 'src_as', family: 'as' },
  dstas: { title: overviewText.destinationSystems, shape: 'bars', field: 'dst_as', family: 'as' },
  srccountry: { title: overviewText.sourceCountries, shape: 'bars', field: 'src_country', family: 'country' },
  dstcountry: { title: overviewText.destinationCountries, shape: 'bars', field: 'dst_country', family: 'country' },
  map: { title: panelsText.map, shape: 'map', family: 'country' },
  inif: {
    title: overviewText.inputInterfaces,
    shape: 'bars',
    of: 'exporter_addr',
    field: 'in_if',
    family: 'interface',
  },
  outif: {
    title: overviewText.outputInterfaces,
    shape: 'bars',
    of: 'exporter_addr',
    field: 'out_if',
    family: 'interface',
  },
  boundary: { title: panelsText.boundary, shape: 'boundary', family: 'flows' },
  firewallrates: {
    title: panelsText.firewallEventsPerSecond,
    shape: 'rates',
    measure: 'flows',
    field: 'firewall_event',
    family: 'firewall',
  },
  denied: { title: panelsText.deniedPerSecond, shape: 'rates', measure: 'flows', family: 'denied' },
  deniedsources: { title: panelsText.mostDenied, shape: 'bars', measure: 'flows', field: 'src_addr', family: 'denied' },
  deniedreasons: {
    title: panelsText.deniedByReason,
    shape: 'bars',
    measure: 'flows',
    field: 'firewall_reason',
    family: 'denied',
  },
  deniedacls: { title: panelsText.deniedByAcl, shape: 'bars', measure: 'flows', field: 'in_acl', family: 'denied' },
  natrates: {
    title: panelsText.natEventsPerSecond,
    shape: 'rates',
    measure: 'flows',
    field: 'nat_event',
    family: 'nat',
  },
  applications: { title: panelsText.applications, shape: 'bars', field: 'application', family: 'application' },
  users: { title: panelsText.users, shape: 'bars', field: 'user', family: 'user' },
  percentiles: { title: panelsText.percentiles, shape: 'percentiles', family: 'flows' },
}
