import { isRecord, storedJson } from '../../model/json.ts'
import { workloadRef } from '../../model/refs.ts'
import type { Dialect } from '../../query/index.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import { objectScope, type Viewer } from '../scope.ts'
import type { Watched } from '../resources/one.ts'
import { selectsSome } from './selector.ts'
import { endKey, type End } from './traffic.ts'
import type { Labels, Workload } from './types.ts'

type Row = Readonly<Record<string, unknown>>
export type RunQuery = (sql: string) => Promise<readonly Row[]>

export type Affected = Readonly<{ end: End; share: number; impact: number; via?: string }>

const maxObjects = 20_000
const maxSpecs = 200

/** Pods, services and mounted configuration of workloads, as of a time range. */
export async function workloadsOf(
  affected: readonly Affected[],
  span: TimeSpan,
  { dialect, runQuery, viewer, manifest }: Watched & Readonly<{ dialect: Dialect; runQuery: RunQuery; viewer: Viewer }>,
): Promise<readonly Workload[]> {
  const namespaces = [...new Set(affected.map(({ end }) => end.namespace))].filter((namespace) => namespace !== '')
  if (namespaces.length === 0) return affected.map((item) => bare(item))
  const scope = objectScope(viewer, dialect)
  const objects = await runQuery(
    `SELECT kind, namespace, name, uid, cluster, labels, node, owner_kind, owner_name, ` +
      `${dialect.jsonMember('data', 'images')} AS images, ${dialect.jsonMember('data', 'selector')} AS selector ` +
      `FROM resources WHERE namespace IN (${namespaces.map(dialect.text).join(', ')}) AND valid_from < ` +
      `${dialect.time(span.to)} AND (valid_to IS NULL OR valid_to > ${dialect.time(span.from)}) ` +
      // Some change often, and none owns pods.
      `AND kind NOT IN ('ConfigMap', 'Secret')` +
      `${scope === undefined ? '' : ` AND ${scope}`} ORDER BY valid_from DESC LIMIT ${maxObjects}`,
  )
  const owners = new Map(
    objects
      .filter(({ kind }) => kind === 'ReplicaSet' || kind === 'Job')
      .map((row) => [keyOf(row), `${text(row['namespace'])}/${text(row['owner_kind'])}/${text(row['owner_name'])}`]),
  )
  const pods = Map.groupBy(
    objects.filter(({ kind }) => kind === 'Pod'),
    (pod) => {
      const owner = `${text(pod['namespace'])}/${text(pod['owner_kind'])}/${text(pod['owner_name'])}`
      const above = owners.get(owner)
      return text(pod['owner_name']) === '' ? keyOf(pod) : above === undefined || above.endsWith('//') ? owner : above
    },
  )
  const services = objects.filter(({ kind }) => kind === 'Service')
  const specs = await specsOf(affected, objects, { dialect, runQuery, manifest, scope })
  return affected.map((item): Workload => {
    const podRows = pods.get(endKey(item.end)) ?? []
    const template = specs.get(endKey(item.end)) ?? []
    const labels = [
      ...podRows.map((pod) => pod['labels']),
      ...template.map((spec) => memberOf(spec, ['template', 'metadata', 'labels'])),
    ].filter(isRecord) as Labels[]
    return {
      ...bare(item),
      labels,
      nodes: new Set([
        ...podRows.map((pod) => text(pod['node'])).filter((node) => node !== ''),
        ...(item.end.kind === 'Node' ? [item.end.name] : []),
      ]),
      images: new Set(podRows.flatMap((pod) => imagesOf(storedJson(pod['images'])))),
      configs: new Set(template.flatMap(configsOf)),
      services: new Set(
        services
          .filter(({ namespace, selector: stored }) => {
            const selector = storedJson(stored)
            return text(namespace) === item.end.namespace && labels.some((of) => selectsSome(selector, of))
          })
          .map((service) => text(service['name'])),
      ),
    }
  })
}

function bare({ end: { cluster, namespace, kind, name }, share, impact, via }: Affected): Workload {
  const none = new Set<string>()
  return {
    cluster,
    namespace,
    kind,
    name,
    share,
    impact,
    via,
    labels: [],
    nodes: none,
    images: none,
    configs: none,
    services: none,
    clouds: new Map(),
  }
}

/** Newest known specs of each workload, by {@link endKey}. */
async function specsOf(
  affected: readonly Affected[],
  objects: readonly Row[],
  {
    dialect,
    runQuery,
    manifest,
    scope,
  }: Watched & Readonly<{ dialect: Dialect; runQuery: RunQuery; scope: string | undefined }>,
): Promise<ReadonlyMap<string, readonly unknown[]>> {
  const workloads = affected.filter(({ end }) => end.namespace !== '' && end.kind !== '' && end.kind !== 'Service')
  if (workloads.length === 0) return new Map()
  const uids = new Map(objects.map((row) => [keyOf(row), { uid: text(row['uid']), cluster: text(row['cluster']) }]))
  const refs = workloads.map(({ end }) =>
    workloadRef({ ...end, cluster: end.cluster ?? uids.get(endKey(end))?.cluster ?? '' }),
  )
  const rows = await runQuery(
    `SELECT ref, ${dialect.jsonMember('"new"', 'spec')} AS "new", ${dialect.jsonMember('old', 'spec')} AS old ` +
      `FROM changes WHERE ref IN (${refs.map(dialect.text).join(', ')})` +
      `${scope === undefined ? '' : ` AND ${scope}`} ORDER BY time DESC LIMIT ${maxSpecs}`,
  )
  const rowsByRef = Map.groupBy(rows, ({ ref }) => text(ref))
  const described = await Promise.all(
    workloads.map(async ({ end }, index): Promise<[string, readonly unknown[]]> => {
      const changes = (rowsByRef.get(refs[index] ?? '') ?? [])
        .slice(0, 3)
        .flatMap((row) => [storedJson(row['new']), storedJson(row['old'])])
      const stored = changes.filter(isRecord)
      const id = uids.get(endKey(end))
      if (stored.length > 0 || id === undefined) return [endKey(end), stored]
      const state = await manifest(id)
      return [endKey(end), [memberOf(state?.object, ['spec'])]]
    }),
  )
  return new Map(described)
}

const configKeys: Readonly<Record<string, string>> = {
  configMap: 'ConfigMap',
  configMapRef: 'ConfigMap',
  configMapKeyRef: 'ConfigMap',
  secret: 'Secret',
  secretRef: 'Secret',
  secretKeyRef: 'Secret',
}

/** `ConfigMap/prices` for each one that a pod template uses. */
function configsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(configsOf)
  if (!isRecord(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const kind = configKeys[key]
    const name = isRecord(inner) ? (inner['name'] ?? inner['secretName']) : undefined
    return kind !== undefined && typeof name === 'string' ? [`${kind}/${name}`] : configsOf(inner)
  })
}

function imagesOf(images: unknown): readonly string[] {
  return Array.isArray(images)
    ? images.flatMap((image) => (isRecord(image) && typeof image['image'] === 'string' ? [image['image']] : []))
    : []
}

function memberOf(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value)
}

function keyOf(row: Row): string {
  return `${text(row['namespace'])}/${text(row['kind'])}/${text(row['name'])}`
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
