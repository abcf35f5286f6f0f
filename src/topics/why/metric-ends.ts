/** Workloads that the labels of a metric name. */
import { isRecord, storedJson } from '../../model/json.ts'
import type { Dialect } from '../../query/index.ts'
import type { LabelSet } from '../../query/metrics/labels.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import { objectScope, type Viewer } from '../scope.ts'
import { selectsSome } from './selector.ts'
import { endKey, type End } from './traffic.ts'
import type { Labels } from './types.ts'
import type { RunQuery } from './workloads.ts'

/**
 * Labels of namespaces as kube-state-metrics, cAdvisor, OpenTelemetry, Istio and Prometheus name them, surest first.
 */
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
export const podLabels = ['pod', 'k8s_pod_name', 'pod_name', 'kubernetes_pod_name', 'exported_pod']
const nodes = ['node', 'k8s_node_name', 'kubernetes_node']
/** Labels of both ends of calls, as Weir, Istio and the service graphs of OpenTelemetry name them, surest first. */
const callers = ['src_owner_name', 'source_workload', 'source_canonical_service', 'source_app', 'client']
const called = [
  'dst_owner_name',
  'destination_workload',
  'destination_service_name',
  'destination_canonical_service',
  'destination_app',
  'server',
]
/** Labels with the namespaces of these ends. */
const namespaceOfEnd: Readonly<Record<string, string>> = {
  src_owner_name: 'src_namespace',
  source_workload: 'source_workload_namespace',
  dst_owner_name: 'dst_namespace',
  destination_workload: 'destination_workload_namespace',
  destination_service_name: 'destination_service_namespace',
}
/** Labels that name a namespace, or a workload or pod in it. */
export const namespaceLabels: readonly string[] = namespaces

/** Labels of a workload, service or container, which usually have the same name. */
const names = [
  'workload',
  ...called,
  'service',
  'service_name',
  'app',
  'app_kubernetes_io_name',
  'k8s_container_name',
  'container',
  'job',
]
export const workloadLabels: readonly string[] = [
  ...podLabels,
  ...kinds.map(([label]) => label),
  ...names.filter((name) => !called.includes(name)),
]
const workloadKinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job', 'Pod']
const readKinds = [...workloadKinds, 'ReplicaSet', 'Service']
const maxObjects = 20_000

const firstOf = (labels: LabelSet, of: readonly string[]) =>
  of.map((name) => labels.get(name)).find((value) => value !== '')

/** True if series of the metric begin and end with their pod. */
export function hasPods(labels: LabelSet): boolean {
  return firstOf(labels, [...podLabels, 'instance', 'container']) !== undefined
}

type Row = Readonly<Record<string, unknown>>
type ReadOptions = Readonly<{ dialect: Dialect; runQuery: RunQuery; viewer: Viewer }>

export type Call = Readonly<{ from: End; to: End }>

/** What {@link LabelSet}s name, each once. */
export type Named = Readonly<{ ends: (sets: readonly LabelSet[]) => readonly End[]; calls: readonly Call[] }>

/** Workloads of sets of labels that existed in the span, and the calls between them. */
export async function namedBy(
  sets: readonly LabelSet[],
  span: TimeSpan,
  { dialect, runQuery, viewer }: ReadOptions,
): Promise<Named> {
  const values = new Set(sets.flatMap(({ entries }) => entries.map(([, value]) => value)))
  if (values.size === 0) return { ends: () => [], calls: [] }
  const scope = objectScope(viewer, dialect)
  const listSql = (texts: Iterable<string>) => [...texts].map(dialect.text).join(', ')
  const rows = await runQuery(
    `SELECT DISTINCT kind, namespace, name, cluster, owner_kind, owner_name, labels, ` +
      `${dialect.jsonMember('data', 'selector')} AS selector FROM resources WHERE ` +
      `kind IN (${listSql(readKinds)}) AND (namespace IN (${listSql(values)}) OR name IN (${listSql(values)})) ` +
      `AND valid_from < ${dialect.time(span.to)} AND (valid_to IS NULL OR valid_to > ${dialect.time(span.from)})` +
      `${scope === undefined ? '' : ` AND ${scope}`} LIMIT ${maxObjects}`,
  )
  const objects: Objects = {
    rows,
    byKey: new Map(rows.map((row) => [keyOf(row, row['kind'], row['name']), row])),
    remembered: new Map(),
  }
  const ends = (of: readonly LabelSet[]) => eachOnce(of.flatMap((labels) => endsOf(labels, objects)))
  return { ends, calls: callsOf(sets, objects) }
}

function eachOnce(ends: readonly End[]): readonly End[] {
  return [...new Map(ends.map((end) => [endKey(end), end])).values()]
}

type Objects = Readonly<{
  rows: readonly Row[]
  byKey: ReadonlyMap<string, Row>
  /** Known ends by namespace and name. */
  remembered: Map<string, readonly End[]>
}>

function endsOf(labels: LabelSet, objects: Objects): readonly End[] {
  const { rows } = objects
  const namespace = firstOf(labels, namespaces)
  const inNamespace = ({ namespace: of }: Row) => namespace === undefined || of === namespace
  const node = firstOf(labels, nodes)
  const ofKind = kinds.flatMap(([label, kind]) => {
    const name = labels.get(label)
    return name === '' ? [] : rows.filter((row) => row['kind'] === kind && row['name'] === name && inNamespace(row))
  })
  if (ofKind.length > 0) return ofKind.map(endOf)
  const pod = firstOf(labels, podLabels)
  const ofPod = rows.filter((row) => row['kind'] === 'Pod' && row['name'] === pod && inNamespace(row))
  if (ofPod.length > 0) return ofPod.map((row) => endOf(ownerOf(row, objects.byKey)))
  const ends = firstNamed(labels, names, objects)
  if (ends.length > 0) return ends
  return node === undefined ? [] : [{ cluster: null, namespace: '', kind: 'Node', name: node }]
}

/** Ends of the first label that names workloads. */
function firstNamed(labels: LabelSet, of: readonly string[], objects: Objects): readonly End[] {
  for (const label of of) {
    const ownNamespace = labels.get(namespaceOfEnd[label] ?? '')
    const ends = endsNamed(labels.get(label), ownNamespace === '' ? firstOf(labels, namespaces) : ownNamespace, objects)
    if (ends.length > 0) return ends
  }
  return []
}

/** A workload of this name, or those behind a service of this name. */
function endsNamed(name: string, namespace: string | undefined, objects: Objects): readonly End[] {
  if (name === '') return []
  const key = JSON.stringify([namespace, name])
  const remembered = objects.remembered.get(key)
  if (remembered !== undefined) return remembered
  const namedObjects = objects.rows.filter(
    (row) => row['name'] === name && (namespace ?? row['namespace']) === row['namespace'],
  )
  const workloads = namedObjects.filter(({ kind }) => workloadKinds.includes(String(kind)))
  const podsOfServices = namedObjects
    .filter(({ kind }) => kind === 'Service')
    .flatMap((service) => podsBehind(service, objects))
  const ends = eachOnce(
    (workloads.length > 0 ? workloads : podsOfServices).map((row) => endOf(ownerOf(row, objects.byKey))),
  )
  objects.remembered.set(key, ends)
  return ends
}

function podsBehind(service: Row, { rows }: Objects): readonly Row[] {
  const selector = storedJson(service['selector'])
  return rows.filter(
    ({ kind, namespace, cluster, labels }) =>
      kind === 'Pod' &&
      namespace === service['namespace'] &&
      cluster === service['cluster'] &&
      isRecord(labels) &&
      selectsSome(selector, labels as Labels),
  )
}

function callsOf(sets: readonly LabelSet[], objects: Objects): readonly Call[] {
  const calls = new Map<string, Call>()
  for (const labels of sets) {
    const destination = firstNamed(labels, called, objects)
    for (const from of firstNamed(labels, callers, objects))
      for (const end of destination) calls.set(`${endKey(from)} ${endKey(end)}`, { from, to: end })
  }
  return [...calls.values()]
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
