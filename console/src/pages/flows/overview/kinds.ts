import type { Dimension, Measure, PanelName } from './state.ts'
import { overviewText } from '../../../text/overview.ts'

export type Family = 'flows' | 'drops' | 'dns' | 'rtt' | 'tls' | 'events' | 'ipsec' | 'as' | 'country' | 'interface'
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
}

export const familyNames: Readonly<Record<Feature, string>> = {
  drops: overviewText.droppedPacketsInText,
  dns: overviewText.dnsResponses,
  rtt: overviewText.roundTripTimes,
  tls: overviewText.tlsInText,
  events: overviewText.networkEventsInText,
  ipsec: overviewText.ipsecInText,
  as: overviewText.systemsInText,
  country: overviewText.countriesInText,
  interface: overviewText.interfacesInText,
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
  bytes: { title: overviewText.bytesPerSecond, shape: 'rates', measure: 'bytes', family: 'flows' },
  packets: { title: overviewText.packetsPerSecond, shape: 'rates', measure: 'packets', family: 'flows' },
  flows: { title: overviewText.flowsPerSecond, shape: 'rates', measure: 'flows', family: 'flows' },
  pairs: { title: overviewText.sourceToDestination, shape: 'pairs', family: 'flows' },
  talkers: { title: overviewText.largest, shape: 'donut', family: 'flows' },
  ports: { title: overviewText.servicePorts, shape: 'bars', field: 'service_port', family: 'flows' },
  protocols: { title: overviewText.protocols, shape: 'donut', field: 'proto', family: 'flows' },
  exporters: { title: overviewText.exporters, shape: 'bars', field: 'exporter_addr', family: 'flows' },
  droppackets: {
    title: overviewText.droppedPacketsPerSecond,
    shape: 'rates',
    measure: 'drop_packets',
    family: 'drops',
  },
  dropbytes: { title: overviewText.droppedBytesPerSecond, shape: 'rates', measure: 'drop_bytes', family: 'drops' },
  dropstates: {
    title: overviewText.droppedPacketsByState,
    shape: 'rates',
    measure: 'drop_packets',
    field: 'drop_state',
    family: 'drops',
  },
  dropcauses: {
    title: overviewText.droppedPacketsByCause,
    shape: 'rates',
    measure: 'drop_packets',
    field: 'drop_cause',
    family: 'drops',
  },
  droppers: { title: overviewText.mostDroppedPackets, shape: 'bars', measure: 'drop_packets', family: 'drops' },
  rcodes: {
    title: overviewText.dnsResponsesByCode,
    shape: 'donut',
    measure: 'flows',
    field: 'dns_rcode',
    family: 'dns',
  },
  dnsrates: {
    title: overviewText.dnsResponsesPerSecond,
    shape: 'rates',
    measure: 'flows',
    field: 'dns_rcode',
    family: 'dns',
  },
  dns: { title: overviewText.dnsResponseTime, shape: 'times', ...dns },
  dnsnames: {
    title: overviewText.dnsQueryNames,
    shape: 'bars',
    measure: 'flows',
    field: 'dns_name',
    family: 'dns',
  },
  dnsslow: { title: overviewText.slowestDnsResponses, shape: 'slowest', ...dns },
  rtt: { title: overviewText.roundTripTime, shape: 'times', ...rtt },
  rttslow: { title: overviewText.longestRoundTrips, shape: 'slowest', ...rtt },
  tlsversions: {
    title: overviewText.tlsVersions,
    shape: 'donut',
    measure: 'flows',
    field: 'tls_version',
    family: 'tls',
  },
  tlsrates: {
    title: overviewText.tlsFlowsPerSecond,
    shape: 'rates',
    measure: 'flows',
    field: 'tls_version',
    family: 'tls',
  },
  tlsciphers: {
    title: overviewText.cipherSuites,
    shape: 'bars',
    measure: 'flows',
    field: 'tls_cipher_suite',
    family: 'tls',
  },
  tlsgroups: { title: overviewText.keyExchange, shape: 'bars', measure: 'flows', field: 'tls_group', family: 'tls' },
  netevents: {
    title: overviewText.networkEvents,
    shape: 'bars',
    measure: 'flows',
    field: 'network_events',
    family: 'events',
  },
  neteventrates: {
    title: overviewText.networkEventsPerSecond,
    shape: 'rates',
    measure: 'flows',
    field: 'network_events',
    family: 'events',
  },
  ipsec: {
    title: overviewText.ipsecFlowsPerSecond,
    shape: 'rates',
    measure: 'flows',
    field: 'ipsec_status',
    family: 'ipsec',
  },
  srcas: { title: overviewText.sourceSystems, shape: 'bars', field: 'src_as', family: 'as' },
  dstas: { title: overviewText.destinationSystems, shape: 'bars', field: 'dst_as', family: 'as' },
  srccountry: { title: overviewText.sourceCountries, shape: 'bars', field: 'src_country', family: 'country' },
  dstcountry: { title: overviewText.destinationCountries, shape: 'bars', field: 'dst_country', family: 'country' },
  map: { title: overviewText.map, shape: 'map', family: 'country' },
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
  boundary: { title: overviewText.boundary, shape: 'boundary', family: 'flows' },
  percentiles: { title: overviewText.percentiles, shape: 'percentiles', family: 'flows' },
}
