import {
  compileMetric,
  sampledFields,
  type CompiledMetric,
  type MetricDefinition,
  type MetricFilter,
} from './definition.ts'
import { resolveFieldName } from '../../model/fields.ts'

export type WrittenMetric = Readonly<{
  name: string
  type: MetricDefinition['type']
  help?: string | null
  value?: string | null
  divide?: number
  filters?: readonly MetricFilter[]
  labels?: readonly string[]
  remap?: Readonly<Record<string, string>>
  flatten?: readonly string[]
  buckets?: readonly number[]
  scaled?: boolean | null
}>

const levels = {
  node: ['K8S_ClusterName', 'SrcK8S_Zone', 'DstK8S_Zone', 'SrcK8S_HostName', 'DstK8S_HostName'],
  namespace: [
    'K8S_ClusterName',
    'SrcK8S_Zone',
    'DstK8S_Zone',
    'K8S_FlowLayer',
    'SrcK8S_Namespace',
    'DstK8S_Namespace',
    'SrcSubnetLabel',
    'DstSubnetLabel',
  ],
}
const workload = [
  ...levels.namespace,
  'SrcK8S_OwnerName',
  'DstK8S_OwnerName',
  'SrcK8S_OwnerType',
  'DstK8S_OwnerType',
  'SrcK8S_Type',
  'DstK8S_Type',
]

/** Seconds. */
const latencyBuckets = [0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.25, 1]

const has = (field: string): MetricFilter => ({ field, type: 'presence', value: '' })
const isNot = (field: string, value: string): MetricFilter => ({ field, type: 'not_equal', value })
const ingress = [isNot('FlowDirection', '1')]
const egress = [isNot('FlowDirection', '0')]

function ofLevel(level: string, labels: readonly string[]): WrittenMetric[] {
  const traffic = (['ingress', 'egress'] as const).flatMap((side) =>
    (['bytes', 'packets'] as const).map((unit): WrittenMetric => ({
      name: `${level}_${side}_${unit}_total`,
      type: 'counter',
      help: `${side === 'ingress' ? 'Received' : 'Sent'} ${unit} by ${level}`,
      value: unit === 'bytes' ? 'Bytes' : 'Packets',
      filters: side === 'ingress' ? ingress : egress,
      labels,
    })),
  )
  const drops = (['packets', 'bytes'] as const).map((unit): WrittenMetric => ({
    name: `${level}_drop_${unit}_total`,
    type: 'counter',
    help: `Dropped ${unit} by ${level}`,
    value: unit === 'bytes' ? 'PktDropBytes' : 'PktDropPackets',
    filters: [has(unit === 'bytes' ? 'PktDropBytes' : 'PktDropPackets')],
    labels: [...labels, 'PktDropLatestState', 'PktDropLatestDropCause'],
  }))
  const events = ['Type', 'Namespace', 'Name', 'Action', 'Direction']
  return [
    ...traffic,
    { name: `${level}_flows_total`, type: 'counter', help: `Flow records by ${level}`, labels },
    {
      name: `${level}_sampling`,
      type: 'gauge',
      help: `Sampling interval of the last flow by ${level}`,
      value: 'Sampling',
      labels,
    },
    {
      name: `${level}_rtt_seconds`,
      type: 'histogram',
      help: `TCP round-trip time by ${level}`,
      value: 'TimeFlowRttNs',
      divide: 1_000_000_000,
      filters: [has('TimeFlowRttNs')],
      labels,
      buckets: latencyBuckets,
    },
    ...drops,
    {
      name: `${level}_dns_latency_seconds`,
      type: 'histogram',
      help: `Time from DNS query to response by ${level}`,
      value: 'DnsLatencyMs',
      divide: 1000,
      filters: [has('DnsId')],
      labels: [...labels, 'DnsFlagsResponseCode'],
      buckets: latencyBuckets,
    },
    {
      name: `${level}_network_policy_events_total`,
      type: 'counter',
      help: `Network policy events by ${level}`,
      filters: [{ field: 'NetworkEvents>Feature', type: 'equal', value: 'acl' }],
      labels: [...labels, ...events.map((key) => `NetworkEvents>${key}`)],
      remap: Object.fromEntries(events.map((key) => [`NetworkEvents>${key}`, key.toLowerCase()])),
      flatten: ['NetworkEvents'],
    },
    {
      name: `${level}_ipsec_flows_total`,
      type: 'counter',
      help: `Flow records with IPsec by ${level}`,
      filters: [has('IPSecStatus')],
      labels: [...labels, 'IPSecStatus'],
    },
  ]
}

export const predefinedMetrics: readonly WrittenMetric[] = [
  ...ofLevel('node', levels.node),
  ...ofLevel('namespace', levels.namespace),
  ...ofLevel('workload', workload),
  {
    name: 'node_to_node_ingress_flows_total',
    type: 'counter',
    help: 'Flow records between two nodes, as reported by the receiving one',
    filters: [...ingress, isNot('FlowDirection', '2'), has('SrcK8S_HostName'), has('DstK8S_HostName')],
    labels: levels.node,
  },
]

const besideLoki = [
  'node_ingress_bytes_total',
  'node_egress_bytes_total',
  'node_ingress_packets_total',
  'node_drop_packets_total',
  'workload_sampling',
  'workload_ingress_bytes_total',
  'workload_egress_bytes_total',
  'namespace_flows_total',
  'namespace_ingress_packets_total',
  'namespace_drop_packets_total',
  'namespace_rtt_seconds',
  'namespace_dns_latency_seconds',
  'namespace_network_policy_events_total',
  'node_ipsec_flows_total',
  'node_to_node_ingress_flows_total',
]

/** NetObserv's default lists by name in an include list. */
export const metricSets: Readonly<Record<string, readonly string[]>> = {
  default: besideLoki.map((name) => name.replace(/^namespace_/, 'workload_')),
  'default-with-loki': besideLoki,
  all: predefinedMetrics.map(({ name }) => name),
}

/** `include`: names (with or without `netobserv_` and `_total`) and sets. Throws a sentence with the mistake. */
export function selectMetrics(include: readonly string[], custom: readonly WrittenMetric[]): CompiledMetric[] {
  const chosen = new Set<string>()
  for (const written of include) {
    const names = metricSets[written] ?? [nameOf(written)]
    for (const name of names) chosen.add(name)
  }
  const own = new Set(custom.map(({ name }) => name))
  if (own.size < custom.length) throw new Error('two custom metrics have the same name')
  const taken = [...own].find((name) => chosen.has(name))
  if (taken !== undefined) throw new Error(`the custom metric ${taken} has the name of an included one`)
  return [...predefinedMetrics.filter(({ name }) => chosen.has(name)), ...custom].map((predefinedMetric) =>
    compileMetric(complete(predefinedMetric)),
  )
}

function nameOf(written: string): string {
  const bare = written.replace(/^netobserv_/, '')
  const predefinedMetric = predefinedMetrics.find(({ name }) => name === bare || name === `${bare}_total`)
  if (predefinedMetric !== undefined) return predefinedMetric.name
  throw new Error(
    `there is no metric ${written}; the names are node_, namespace_ or workload_ followed by ` +
      `${ofLevel('', [])
        .map(({ name }) => name.slice(1))
        .join(', ')}, or ${Object.keys(metricSets).join(', ')}`,
  )
}

function complete(metric: WrittenMetric): MetricDefinition {
  const { name, type, help, value, divide = 1, filters = [], labels = [], remap = {}, flatten = [], buckets } = metric
  const field = value === undefined || value === null ? undefined : resolveFieldName(value)
  return {
    name,
    type,
    help: help ?? (value === null || value === undefined ? 'Flow records' : `${value} of flows`),
    ...(value === undefined || value === null ? {} : { value }),
    divide,
    filters,
    labels,
    remap,
    flatten,
    buckets: buckets ?? [],
    scaled: metric.scaled ?? (type === 'counter' && field !== undefined && sampledFields.has(field)),
  }
}
