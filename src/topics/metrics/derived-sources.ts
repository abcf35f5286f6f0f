/** Counters over flows, changes, audit events and Kubernetes events. */
import { dialectOf, everything, flowNames, type Dialect } from '../../query/index.ts'
import { conditionOf, flowTimes } from '../../query/plan/index.ts'
import { auditScope, objectScope, withinScope, type Viewer } from '../scope.ts'
import { withSelection } from '../row-selection.ts'
import { timeCondition, type MetricReader, type MetricSpan } from './reader.ts'

export type DerivedSource = Readonly<{
  metrics: Readonly<Record<string, Readonly<{ sql: string; help: string }>>>
  /** Columns of SQL by label. */
  labels: Readonly<Record<string, string>>
  /** Further columns: only the largest label sets have them, those of the rest are `other`. */
  details?: Readonly<Record<string, string>>
  time: (dialect: Dialect) => string
  /** FROM and WHERE; undefined: nothing is visible. */
  from: (reader: MetricReader, span: MetricSpan) => string | undefined
}>

const columns = (names: string): Record<string, string> =>
  Object.fromEntries(names.split(' ').map((name) => [name, name]))
const onTime = (): string => 'time'
const scoped =
  (view: string, scopeOf: (viewer: Viewer, dialect: Dialect) => string | undefined, more = '') =>
  (reader: MetricReader, span: MetricSpan): string => {
    const dialect = dialectOf(reader.store)
    const scope = scopeOf(reader.viewer, dialect)
    return `FROM ${view} WHERE ${timeCondition(dialect, span)}${more}${scope === undefined ? '' : ` AND ${scope}`}`
  }

const asText = (column: string): string => `CAST(${column} AS VARCHAR)`
const flowDetails: Readonly<Record<string, string>> = {
  exporter: 'exporter_addr',
  in_interface: `coalesce(in_if_name, ${asText('in_if')})`,
  out_interface: `coalesce(out_if_name, ${asText('out_if')})`,
  protocol: `CASE proto WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' WHEN 1 THEN 'icmp' ELSE ${asText('proto')} END`,
  service_port: asText('service_port'),
  src_network: 'src_network',
  dst_network: 'dst_network',
  src_country: 'src_country',
  dst_country: 'dst_country',
  src_as: asText('src_as'),
  dst_as: asText('dst_as'),
}

const positive = (column: string): string => `CASE WHEN ${column} > 0 THEN 1 END`

export const derivedSources: readonly DerivedSource[] = [
  {
    metrics: {
      weir_flow_bytes_total: { sql: 'sum(bytes_est)', help: 'Estimated bytes of flows, each flow once.' },
      weir_flow_packets_total: { sql: 'sum(packets_est)', help: 'Estimated packets of flows, each flow once.' },
      weir_flows_total: { sql: 'count(*)', help: 'Flow records, each flow once.' },
      weir_flow_dropped_bytes_total: { sql: 'sum(drop_bytes)', help: 'Bytes of flows that the kernel dropped.' },
      weir_flow_dropped_packets_total: { sql: 'sum(drop_packets)', help: 'Packets of flows that the kernel dropped.' },
      weir_flow_rtt_seconds_sum: { sql: 'sum(rtt) / 1e9', help: 'TCP round-trip times of flows that have one.' },
      weir_flow_rtt_seconds_count: { sql: `count(${positive('rtt')})`, help: 'Flows with a TCP round-trip time.' },
      weir_dns_latency_seconds_sum: { sql: 'sum(dns_latency) / 1e3', help: 'Times from DNS queries to responses.' },
      weir_dns_latency_seconds_count: { sql: `count(${positive('dns_latency')})`, help: 'Flows with a DNS latency.' },
      weir_dns_responses_total: { sql: 'count(dns_rcode)', help: 'DNS responses with a code.' },
      weir_dns_errors_total: {
        sql: "count(CASE WHEN dns_rcode <> 'NoError' THEN 1 END)",
        help: 'DNS responses with a code that is an error.',
      },
    },
    labels: columns('cluster src_namespace src_owner_kind src_owner_name dst_namespace dst_owner_kind dst_owner_name'),
    details: flowDetails,
    time: (dialect) => flowTimes.sql(dialect),
    from({ viewer, store }, { from, to }) {
      const filter = withinScope(withSelection(everything, 'flows', { reporters: 'one' }), viewer, 'flows')
      const span = { from: BigInt(from) * 1000n, to: BigInt(to + 1) * 1000n }
      return `FROM flows WHERE ${conditionOf({ names: flowNames, filter, time: flowTimes, span }, dialectOf(store))}`
    },
  },
  {
    metrics: { weir_changes_total: { sql: 'count(*)', help: 'Changes of Kubernetes objects, without noise.' } },
    labels: columns('cluster kind namespace operation'),
    time: onTime,
    from: scoped('changes', objectScope, ' AND length(noise) = 0'),
  },
  {
    metrics: { weir_audit_events_total: { sql: 'count(*)', help: 'Audit events of clouds and clusters.' } },
    labels: columns('source service action outcome severity tenant region'),
    time: onTime,
    from: scoped('audit', auditScope),
  },
  {
    metrics: { weir_kubernetes_events_total: { sql: 'count(*)', help: 'Kubernetes events.' } },
    labels: {
      cluster: "substr(split_part(ref, '/', 1), 5)",
      kind: "split_part(ref, '/', 3)",
      namespace: "split_part(ref, '/', 4)",
      type: 'type',
    },
    time: onTime,
    from: ({ viewer, store }, span) =>
      viewer.namespaces === undefined
        ? `FROM events WHERE family = 'k8s-event' AND ${timeCondition(dialectOf(store), span)}`
        : undefined,
  },
]

export const derivedMetrics: Readonly<Record<string, string>> = Object.fromEntries(
  derivedSources.flatMap(({ metrics }) => Object.entries(metrics).map(([name, { help }]) => [name, help])),
)

export const allLabels = ({ labels, details = {} }: DerivedSource): Readonly<Record<string, string>> => ({
  ...labels,
  ...details,
})
