import type { Dimension, Measure, PanelName } from './state.ts'

/** What flows have to carry so that a panel has something to show. */
export type Family = 'flows' | 'drops' | 'dns' | 'rtt'

/** The filter for flows that carry it; of `flows` all do. */
export const conditions: Readonly<Record<Exclude<Family, 'flows'>, string>> = {
  drops: '(drop_packets > 0 or drop_bytes > 0)',
  dns: '(exists(dns_rcode) or exists(dns_latency))',
  rtt: 'exists(rtt)',
}

export const familyNames: Readonly<Record<Exclude<Family, 'flows'>, string>> = {
  drops: 'dropped packets',
  dns: 'answers of DNS',
  rtt: 'round-trip times',
}

/** A field that a panel tells apart: one of its own, or the one that is chosen for all. */
export type GroupField = Dimension | 'drop_state' | 'drop_cause' | 'dns_rcode' | 'dns_name'

interface Common {
  readonly title: string
  readonly family: Family
}

/** Rates over time, told apart by a field. */
export interface RatesKind extends Common {
  readonly shape: 'rates'
  readonly measure: Measure
  readonly field?: GroupField
}

/** The largest of something with their part of the total; by what, where the page does not say it. */
export interface SharesKind extends Common {
  readonly shape: 'donut' | 'bars'
  readonly measure?: Measure
  readonly field?: GroupField
}

export interface PairsKind extends Common {
  readonly shape: 'pairs'
}

/** Percentiles of a numeric field, over time or by group. */
export interface TimesKind extends Common {
  readonly shape: 'times' | 'slowest'
  readonly of: 'rtt' | 'dns_latency'
  /** So many of its units are a millisecond. */
  readonly perMs: number
}

export type PanelKind = RatesKind | SharesKind | PairsKind | TimesKind

const [rtt, dns] = [
  { of: 'rtt', perMs: 1e6, family: 'rtt' },
  { of: 'dns_latency', perMs: 1, family: 'dns' },
] as const

/** Every panel: what it asks and how it is drawn. */
export const panelKinds: Readonly<Record<PanelName, PanelKind>> = {
  bytes: { title: 'Bytes per second', shape: 'rates', measure: 'bytes', family: 'flows' },
  packets: { title: 'Packets per second', shape: 'rates', measure: 'packets', family: 'flows' },
  flows: { title: 'Flows per second', shape: 'rates', measure: 'flows', family: 'flows' },
  pairs: { title: 'Who sends to whom', shape: 'pairs', family: 'flows' },
  talkers: { title: 'Largest', shape: 'donut', family: 'flows' },
  ports: { title: 'Destination ports', shape: 'bars', field: 'dst_port', family: 'flows' },
  protocols: { title: 'Protocols', shape: 'donut', field: 'proto', family: 'flows' },
  exporters: { title: 'Exporters', shape: 'bars', field: 'exporter_addr', family: 'flows' },
  droppackets: { title: 'Dropped packets per second', shape: 'rates', measure: 'drop_packets', family: 'drops' },
  dropbytes: { title: 'Dropped bytes per second', shape: 'rates', measure: 'drop_bytes', family: 'drops' },
  dropstates: {
    title: 'Dropped packets by state',
    shape: 'rates',
    measure: 'drop_packets',
    field: 'drop_state',
    family: 'drops',
  },
  dropcauses: {
    title: 'Dropped packets by cause',
    shape: 'rates',
    measure: 'drop_packets',
    field: 'drop_cause',
    family: 'drops',
  },
  droppers: { title: 'Most dropped packets', shape: 'bars', measure: 'drop_packets', family: 'drops' },
  rcodes: { title: 'Answers of DNS by code', shape: 'donut', measure: 'flows', field: 'dns_rcode', family: 'dns' },
  dns: { title: 'Time to an answer of DNS', shape: 'times', ...dns },
  dnsnames: { title: 'Names asked of DNS', shape: 'bars', measure: 'flows', field: 'dns_name', family: 'dns' },
  dnsslow: { title: 'Slowest answers of DNS', shape: 'slowest', ...dns },
  rtt: { title: 'Round-trip time', shape: 'times', ...rtt },
  rttslow: { title: 'Longest round trips', shape: 'slowest', ...rtt },
}
