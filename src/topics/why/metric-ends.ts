/** Workloads that the labels of a metric name. */
import type { Dialect } from '../../query/index.ts'
import type { LabelSet } from '../../query/metrics/labels.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import { objectScope, type Viewer } from '../scope.ts'
import { endKey, type End } from './traffic.ts'
import type { RunQuery } from './workloads.ts'

/** As kube-state-metrics, cAdvisor, OpenTelemetry, Istio and Prometheus' discovery name them, the surest first. */
const namespaces = [
  'namespace',
  'k8s_namespace_name',
  'kubernetes_namespace',
  'exported_namespace',
  'destination_workload_namespace',
]
const kinds: readonly (readonly [label: string, kind: string])[] = [
  ['deployment', 'Deployment'],
  ['k8s_deployment_name', 'Deployment'],
  ['statefulset', 'StatefulSet'],
  ['k8s_statefulset_name', 'StatefulSet'],
  ['daemonset', 'DaemonSet'],
  ['k8s_daemonset_name', 'DaemonSet'],
  ['cronjob', 'CronJob'],
  ['k8s_cronjob_name', 'CronJob'],
  ['job_name', 'Job'],
  ['k8s_job_name', 'Job'],
]
const pods = ['pod', 'k8s_pod_name', 'pod_name', 'kubernetes_pod_name', 'exported_pod']
const nodes = ['node', 'k8s_node_name', 'kubernetes_node']
/** Of a workload, service or container, which usually have the same name. */
const names = [
  'workload',
  'destination_workload',
  'service',
  'service_name',
  'destination_service_name',
  'app',
  'app_kubernetes_io_name',
  'k8s_container_name',
  'container',
  'job',
]
const workloadKinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job', 'Pod']
const readKinds = [...workloadKinds, 'ReplicaSet']
const maxObjects = 20_000

const firstOf = (labels: LabelSet, of: readonly string[]) =>
  of.map((name) => labels.get(name)).find((value) => value !== '')

/** Series of such metrics begin and end with their pod. */
export function hasPods(labels: LabelSet): boolean {
  return firstOf(labels, [...pods, 'instance', 'container']) !== undefined
}

type Row = Readonly<Record<string, unknown>>
type ReadOptions = Readonly<{ dialect: Dialect; runQuery: RunQuery; viewer: Viewer }>

/** Ends of {@link LabelSet}s, each once, that existed in the span. */
export async function endsOfLabels(
  sets: readonly LabelSet[],
  span: TimeSpan,
  { dialect, runQuery, viewer }: ReadOptions,
): Promise<readonly End[]> {
  const values = new Set(sets.flatMap(({ entries }) => entries.map(([, value]) => value)))
  if (values.size === 0) return []
  const scope = objectScope(viewer, dialect)
  const listed = (texts: Iterable<string>) => [...texts].map(dialect.text).join(', ')
  const rows = await runQuery(
    `SELECT DISTINCT kind, namespace, name, cluster, owner_kind, owner_name FROM resources WHERE ` +
      `kind IN (${listed(readKinds)}) AND (namespace IN (${listed(values)}) OR name IN (${listed(values)})) ` +
      `AND valid_from < ${dialect.time(span.to)} AND (valid_to IS NULL OR valid_to > ${dialect.time(span.from)})` +
      `${scope === undefined ? '' : ` AND ${scope}`} LIMIT ${maxObjects}`,
  )
  const objects = new Map(rows.map((row) => [keyOf(row, row['kind'], row['name']), row]))
  const ends = sets.flatMap((labels) => endsOf(labels, rows, objects))
  return [...new Map(ends.map((end) => [endKey(end), end])).values()]
}

function endsOf(labels: LabelSet, rows: readonly Row[], objects: ReadonlyMap<string, Row>): readonly End[] {
  const namespace = firstOf(labels, namespaces)
  const inNamespace = ({ namespace: of }: Row) => namespace === undefined || of === namespace
  const node = firstOf(labels, nodes)
  const ofKind = kinds.flatMap(([label, kind]) => {
    const name = labels.get(label)
    return name === '' ? [] : rows.filter((row) => row['kind'] === kind && row['name'] === name && inNamespace(row))
  })
  if (ofKind.length > 0) return ofKind.map(endOf)
  const pod = firstOf(labels, pods)
  const ofPod = rows.filter((row) => row['kind'] === 'Pod' && row['name'] === pod && inNamespace(row))
  if (ofPod.length > 0) return ofPod.map((row) => endOf(ownerOf(row, objects)))
  for (const label of names) {
    const name = labels.get(label)
    const named = name === '' ? [] : rows.filter((row) => row['name'] === name && inNamespace(row))
    const workloads = named.filter(({ kind }) => workloadKinds.includes(String(kind)))
    if (workloads.length > 0) return workloads.map((row) => endOf(ownerOf(row, objects)))
  }
  return node === undefined ? [] : [{ cluster: null, namespace: '', kind: 'Node', name: node }]
}

function keyOf({ cluster, namespace }: Row, kind: unknown, name: unknown) {
  return JSON.stringify([cluster, namespace, kind, name])
}

/** The Deployment of a ReplicaSet of a Pod. */
function ownerOf(row: Row, objects: ReadonlyMap<string, Row>): Row {
  const { owner_kind: kind, owner_name: name } = row
  if (typeof name !== 'string' || name === '') return row
  const owner = objects.get(keyOf(row, kind, name))
  return owner === undefined ? { ...row, kind, name } : ownerOf(owner, objects)
}

function endOf({ cluster, namespace, kind, name }: Row): End {
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  return {
    cluster: text(cluster) === '' ? null : text(cluster),
    namespace: text(namespace),
    kind: text(kind),
    name: text(name),
  }
}
