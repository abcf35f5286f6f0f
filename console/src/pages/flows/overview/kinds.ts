import type { Dimension, Measure, PanelName } from './state.ts'
import { overviewText } from '../../../text/overview.ts'

export type Family = 'flows' | 'drops' | 'dns' | 'rtt' | 'tls' | 'events' | 'ipsec'
export type Feature = Exclude<Family, 'flows'>

export const conditions: Readonly<Record<Feature, string>> = {
  drops: '(drop_packets > 0 or drop_bytes > 0)',
  dns: '(exists(dns_rcode) or exists(dns_latency))',
  rtt: 'exists(rtt)',
  tls: 'exists(tls_version)',
  events: 'exists(network_events)',
  ipsec: 'exists(ipsec_status)',
}

export const familyNames: Readonly<Record<Feature, string>> = {
  drops: overviewText.droppedPacketsInText,
  dns: overviewText.dnsResponses,
  rtt: overviewText.roundTripTimes,
  tls: overviewText.tlsInText,
  events: overviewText.networkEventsInText,
  ipsec: overviewText.ipsecInText,
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
}

export interface PairsKind extends Common {
  readonly shape: 'pairs'
}

export interface TimesKind extends Common {
  readonly shape: 'times' | 'slowest'
  readonly of: 'rtt' | 'dns_latency'
  readonly perMs: number
}

type PanelKind = RatesKind | SharesKind | PairsKind | TimesKind

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
}
