/** Metrics of the pods that a change started, beside those of the pods before, at the same time. */
import { isRecord, storedJson } from '../../model/json.ts'
import { QueryFailure } from '../../query/metrics/failure.ts'
import { metricName } from '../../query/metrics/labels.ts'
import type { Matcher } from '../../query/metrics/matchers.ts'
import type { Series } from '../../query/metrics/values.ts'
import { dialectOf, type Dialect } from '../../query/index.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import { metricSeries, type MetricReader } from '../metrics/index.ts'
import { objectScope } from '../scope.ts'
import { podLabels } from './metric-ends.ts'
import { differenceOf, type Difference, type Samples } from './pod-difference.ts'
import type { Ranked } from './rank.ts'
import { selectsSome } from './selector.ts'
import type { Candidate, Labels } from './types.ts'
import type { RunQuery } from './workloads.ts'

/** Which metric of the new pods differs most; undefined if no series names pods of both ages. */
export type PodComparison = Readonly<{
  newPods: readonly string[]
  oldPods: readonly string[]
  /** Since when the first new pod runs, Unix ms. */
  running: number
  difference: Difference | undefined
}>

type Row = Readonly<Record<string, unknown>>
type Pod = Readonly<{
  name: string
  /** Creation time in Unix ms. */
  created: number
  running: number
  owner: string
  services: ReadonlySet<string>
}>

const startsPods = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Rollout', 'DeploymentConfig'])
const [maxConsidered, maxCompared, maxPodsOfAge, maxObjects] = [60, 12, 12, 20_000]
/** Pods of both ages exist at the same time for minutes; later changes start further ones. Ms. */
const [mostAfterOnset, mostAfterChange] = [600_000, 1_800_000]
/** Before a change, of the earlier pods. Ms. */
const lead = 300_000
/** Ms until a pod is recorded, and until its caches are filled and its code is compiled. */
const [watchDelay, warmUp] = [3000, 60_000]

/** Comparisons of the first changes that started pods while earlier ones ran. `until`: Unix ms. */
export async function comparePods(
  ranked: readonly Ranked[],
  { onset, until }: Readonly<{ onset: number; until: number }>,
  surroundings: MetricReader,
  runQuery: RunQuery,
): Promise<ReadonlyMap<Candidate, PodComparison>> {
  const comparedChanges = ranked
    .map(({ candidate }) => candidate)
    .filter(({ is, kind, namespace }) => is === 'change' && namespace !== null && startsPods.has(kind))
    .slice(0, maxConsidered)
  if (comparedChanges.length === 0) return new Map()
  const dialect = dialectOf(surroundings.store)
  const from = Math.min(...comparedChanges.map(({ at }) => at))
  const span = { from: BigInt(from) * 1000n, to: BigInt(until) * 1000n }
  const pods = await podsIn(new Set(comparedChanges.map(({ namespace }) => namespace ?? '')), span, {
    dialect,
    runQuery,
    scope: objectScope(surroundings.viewer, dialect),
  })
  const sides = comparedChanges
    .flatMap((candidate) => {
      const comparedEnd = Math.min(until, onset + mostAfterOnset, candidate.at + mostAfterChange)
      const ages = agesOf(candidate, comparedEnd, pods.get(candidate.namespace ?? '') ?? [])
      return ages.newPods.length === 0 || ages.oldPods.length === 0 ? [] : [{ candidate, to: comparedEnd, ...ages }]
    })
    .slice(0, maxCompared)
  const names = new Set(sides.flatMap(({ newPods, oldPods }) => [...newPods, ...oldPods]))
  if (names.size === 0) return new Map()
  const series = await seriesOf(names, { from: from - lead, to: until }, surroundings)
  return new Map(
    sides.map(({ candidate, to, newPods, oldPods, running, warm }) => {
      const { at } = candidate
      const samples = (of: readonly string[], first: number, last: number) =>
        of.flatMap((name) => samplesOf(name, series.get(name) ?? [], first, last))
      const difference = differenceOf({
        before: samples(oldPods, at - lead, at),
        old: samples(oldPods, at, to),
        fresh: newPods.flatMap((name) => samples([name], warm.get(name) ?? at, to)),
      })
      return [candidate, { newPods, oldPods, running, difference }]
    }),
  )
}

/** Pods of the workload, and earlier ones of others behind the same services, as of a canary. */
function agesOf({ at, kind, name }: Candidate, to: number, pods: readonly Pod[]) {
  const podsOfWorkload = pods.filter(({ owner }) => owner === `${kind}/${name}`)
  const isNew = ({ created }: Pod) => created >= at - watchDelay && created <= to - warmUp
  const services = new Set(podsOfWorkload.flatMap((pod) => [...pod.services]))
  const old = pods.filter(
    (pod) =>
      pod.created < at - watchDelay &&
      (podsOfWorkload.includes(pod) || [...pod.services].some((service) => services.has(service))),
  )
  const namesOf = (of: readonly Pod[]) => of.slice(0, maxPodsOfAge).map((pod) => pod.name)
  const newPodList = podsOfWorkload.filter(isNew)
  return {
    newPods: namesOf(newPodList),
    oldPods: namesOf(old),
    running: newPodList.reduce((least, pod) => Math.min(least, pod.running), Infinity),
    warm: new Map(newPodList.map((pod) => [pod.name, pod.running + warmUp])),
  }
}

type ReadOptions = Readonly<{ dialect: Dialect; runQuery: RunQuery; scope: string | undefined }>

/** Pods by namespace. */
async function podsIn(
  namespaces: ReadonlySet<string>,
  { from, to }: TimeSpan,
  { dialect, runQuery, scope }: ReadOptions,
): Promise<ReadonlyMap<string, readonly Pod[]>> {
  const rows = await runQuery(
    `SELECT DISTINCT kind, namespace, name, labels, owner_kind, owner_name, phase, ` +
      `${dialect.micros('coalesce(created, valid_from)')} AS created, ${dialect.micros('valid_from')} AS since, ` +
      `${dialect.jsonMember('data', 'selector')} AS selector FROM resources ` +
      `WHERE kind IN ('Pod', 'ReplicaSet', 'Service') AND ` +
      `namespace IN (${[...namespaces].map(dialect.text).join(', ')}) AND valid_from < ${dialect.time(to)} ` +
      `AND (valid_to IS NULL OR valid_to > ${dialect.time(from)})${scope === undefined ? '' : ` AND ${scope}`} ` +
      `LIMIT ${maxObjects}`,
  )
  const keyOf = (row: Row, kind: unknown, name: unknown) => JSON.stringify([row['namespace'], kind, name])
  const sets = new Map(
    rows.filter(({ kind }) => kind === 'ReplicaSet').map((row) => [keyOf(row, row['kind'], row['name']), row]),
  )
  const services = rows.filter(({ kind }) => kind === 'Service')
  const pods = new Map<string, Row>()
  const runningSince = new Map<string, number>()
  for (const row of rows) {
    if (row['kind'] !== 'Pod') continue
    const key = keyOf(row, 'Pod', row['name'])
    pods.set(key, row)
    if (row['phase'] !== 'Pending')
      runningSince.set(key, Math.min(runningSince.get(key) ?? Infinity, Number(row['since']) / 1000))
  }
  return Map.groupBy(
    [...pods].map(([key, row]) => {
      const set = sets.get(keyOf(row, row['owner_kind'], row['owner_name']))
      const replicaSetOwner = set !== undefined && set['owner_name'] !== null && set['owner_name'] !== '' ? set : row
      const labels = row['labels']
      return {
        namespace: String(row['namespace']),
        name: String(row['name']),
        created: Number(row['created']) / 1000,
        running: runningSince.get(key) ?? Infinity,
        owner: `${String(replicaSetOwner['owner_kind'])}/${String(replicaSetOwner['owner_name'])}`,
        services: new Set(
          isRecord(labels)
            ? services
                .filter(
                  (service) =>
                    service['namespace'] === row['namespace'] &&
                    selectsSome(storedJson(service['selector']), labels as Labels),
                )
                .map((service) => String(service['name']))
            : [],
        ),
      }
    }),
    ({ namespace }) => namespace,
  )
}

/** By name of the pod. Empty if there are too many points. */
async function seriesOf(
  pods: ReadonlySet<string>,
  span: Readonly<{ from: number; to: number }>,
  surroundings: MetricReader,
): Promise<ReadonlyMap<string, readonly Series[]>> {
  const value = [...pods].map((name) => name.replaceAll('.', '\\.')).join('|')
  const matchesPod = (name: string) => pods.has(name)
  for (const label of podLabels) {
    const matcher: Matcher = { name: label, operator: '=~', value, matches: matchesPod }
    const series = await metricSeries(surroundings, [matcher], span, 60_000).catch((error: unknown) => {
      if (error instanceof QueryFailure) return []
      throw error
    })
    if (series.length > 0) return Map.groupBy(series, ({ labels }) => labels.get(label))
  }
  return new Map()
}

/** Labels that differ between pods of one workload. */
const ofPods = new Set([
  ...podLabels,
  'instance',
  'node',
  'k8s_node_name',
  'uid',
  'k8s_pod_uid',
  'id',
  'container_id',
  'image',
  'image_id',
  'ip',
  'pod_ip',
  'host_ip',
  'host',
  'replicaset',
  'k8s_replicaset_name',
  'pod_template_hash',
  'version',
  'source_version',
  'destination_version',
  'source_workload',
  'destination_workload',
])

function samplesOf(pod: string, series: readonly Series[], from: number, to: number): readonly Samples[] {
  return series.flatMap(({ labels, times, values }) => {
    const first = times.findIndex((time) => time >= from)
    const end = times.findLastIndex((time) => time <= to) + 1
    if (first < 0 || end <= first) return []
    return [
      {
        pod,
        metric: labels.get(metricName),
        labels: labels.drop(ofPods).nameless,
        times: times.slice(first, end),
        values: values.slice(first, end),
      },
    ]
  })
}
