import { isRecord, storedJson } from '../../model/json.ts'
import { parseKubernetesRef, type KubernetesRef } from '../../model/refs.ts'
import type { Dialect } from '../../query/index.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import { auditScope, mayName, type Viewer } from '../scope.ts'
import type { RunQuery } from '../why/workloads.ts'
import type { Related, Subject } from './scene.ts'

type Known = Readonly<{ dialect: Dialect; viewer: Viewer; runQuery: RunQuery; span: TimeSpan }>

const [maxOwned, maxAddresses, maxDepth] = [500, 20, 3]
const nothing: Related = { refs: [], workload: undefined, addresses: [], filter: undefined, resources: [] }

export async function relatedTo(subject: Subject, context: Known): Promise<Related> {
  switch (subject.is) {
    case 'object':
      return ofObject(subject.ref, subject.parts, context)
    case 'actor':
      return ofActor(subject.ref, context)
    case 'address':
      return {
        ...nothing,
        refs: await holdersOf(subject.ref, context),
        addresses: [subject.ref],
        filter: `either(addr = ${subject.ref})`,
      }
    case 'resource':
      return { ...nothing, refs: [subject.ref], resources: [subject.ref] }
    case 'image':
      return ofImage(subject, context)
    case 'account':
      return nothing
  }
}

async function ofObject(ref: string, parts: KubernetesRef, context: Known): Promise<Related> {
  const [owners, owned] = await Promise.all([chain([ref], 'up', context), chain([ref], 'down', context)])
  const top = owners.map(parseKubernetesRef).findLast((kubernetesRef) => kubernetesRef !== undefined)
  const workload = isWorkload.has(parts.kind) || parts.kind === 'Pod' ? (top ?? parts) : undefined
  return {
    ...nothing,
    refs: [ref, ...owned],
    workload,
    filter: filterOf(parts),
    resources: context.viewer.namespaces === undefined ? await machinesOf([ref, ...owned], context) : [],
  }
}

const isWorkload = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob', 'Rollout'])

const literal = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`

/** Flows name the topmost owner. Of other objects the flows of their namespace are related. */
function filterOf({ cluster, kind, namespace, name }: KubernetesRef): string | undefined {
  const inCluster = ` and (cluster = ${literal(cluster)} or not exists(cluster))`
  if (kind === 'Node') return `either(node = ${literal(name)})${inCluster}`
  if (kind === 'Namespace') return `either(ns = ${literal(name)})${inCluster}`
  if (namespace === '') return undefined
  const inNamespace = `ns = ${literal(namespace)}`
  if (kind === 'Pod' || kind === 'Service') return `either(${inNamespace} and name = ${literal(name)})${inCluster}`
  return isWorkload.has(kind) && kind !== 'ReplicaSet'
    ? `either(${inNamespace} and owner_kind = ${literal(kind)} and owner = ${literal(name)})${inCluster}`
    : `either(${inNamespace})${inCluster}`
}

/** Owners, the nearest first, or what the objects own. */
async function chain(
  from: readonly string[],
  way: 'up' | 'down',
  { dialect, viewer, runQuery, span }: Known,
): Promise<readonly string[]> {
  const [near, far] = way === 'up' ? ['from_ref', 'to_ref'] : ['to_ref', 'from_ref']
  const refs = new Set<string>()
  for (let level = from, depth = 0; level.length > 0 && depth < maxDepth && refs.size < maxOwned; depth++) {
    const rows = await runQuery(
      `SELECT DISTINCT ${far} AS ref FROM ${dialect.relationsAmong(['owned-by'])} WHERE relation = 'owned-by' AND ` +
        `${near} IN (${level.map(dialect.text).join(', ')}) AND ${during(span, dialect)} ORDER BY ref ` +
        `LIMIT ${maxOwned}`,
    )
    level = rows.map(({ ref }) => String(ref)).filter((ref) => !refs.has(ref) && mayName(viewer, ref))
    for (const ref of level) refs.add(ref)
  }
  return [...refs]
}

function during({ from, to }: TimeSpan, { time }: Dialect) {
  return `valid_from < ${time(to)} AND (valid_to IS NULL OR valid_to > ${time(from)})`
}

/** Cloud resources of the nodes that the objects are, or run on. */
async function machinesOf(refs: readonly string[], context: Known): Promise<readonly string[]> {
  const { dialect, runQuery, span } = context
  const listOf = (texts: readonly string[]) => texts.map(dialect.text).join(', ')
  const step = async (relation: string, from: readonly string[]) =>
    from.length === 0
      ? []
      : (
          await runQuery(
            `SELECT DISTINCT to_ref AS ref FROM ${dialect.relationsAmong([relation])} WHERE relation = '${relation}' ` +
              `AND from_ref IN (${listOf(from)}) AND ${during(span, dialect)} ORDER BY ref LIMIT ${maxOwned}`,
          )
        ).map(({ ref }) => String(ref))
  const nodes = refs.filter((ref) => parseKubernetesRef(ref)?.kind === 'Node')
  return step('hosted-on', nodes.length > 0 ? nodes : await step('runs-on', refs))
}

async function ofActor(ref: string, { dialect, viewer, runQuery, span }: Known): Promise<Related> {
  const scope = auditScope(viewer, dialect)
  const rows = await runQuery(
    `SELECT address, count(*)::DOUBLE AS n FROM audit WHERE actor = ${dialect.text(ref)} AND address IS NOT NULL AND ` +
      `time >= ${dialect.time(span.from)} AND time < ${dialect.time(span.to)}` +
      `${scope === undefined ? '' : ` AND ${scope}`} GROUP BY address ORDER BY n DESC, address LIMIT ${maxAddresses}`,
  )
  const addresses = rows.map(({ address }) => String(address)).filter((address) => /^[0-9a-f.:]+$/i.test(address))
  const filter = addresses.length === 0 ? undefined : `either(addr in (${addresses.join(', ')}))`
  return { ...nothing, addresses, filter }
}

/** Pods that ran the image, and their workloads. */
async function ofImage(image: Subject & { readonly is: 'image' }, context: Known): Promise<Related> {
  const { dialect, runQuery, span, viewer } = context
  const images = dialect.jsonMember('data', 'images')
  const rows = await runQuery(
    `SELECT DISTINCT ref, ${dialect.asText(images)} AS images FROM resources WHERE kind = 'Pod' AND ` +
      `${during(span, dialect)} AND ${dialect.contains(dialect.asText(images), image.digest ?? image.name)} ` +
      `ORDER BY ref LIMIT ${maxOwned}`,
  )
  const pods = rows
    .filter(({ images: stored }) => listOfImages(stored).some((item) => isOf(item, image)))
    .map(({ ref }) => String(ref))
    .filter((ref) => mayName(viewer, ref))
  const unique = [...new Set(pods)]
  if (unique.length === 0) return nothing
  const owners = await chain(unique, 'up', context)
  const workloads = owners
    .flatMap((ref) => parseKubernetesRef(ref) ?? [])
    .filter(({ kind }) => isWorkload.has(kind) && kind !== 'ReplicaSet')
  const lone = unique.flatMap((ref) => parseKubernetesRef(ref) ?? [])
  const ends = workloads.length > 0 ? workloads : lone
  const filters = ends.slice(0, maxEnds).flatMap((end) => filterOf(end) ?? [])
  return { ...nothing, refs: [...owners, ...unique], filter: filters.map((filter) => `(${filter})`).join(' or ') }
}

const maxEnds = 10

type StoredImage = Readonly<{ image?: unknown; id?: unknown }>

function listOfImages(stored: unknown): readonly StoredImage[] {
  const images = storedJson(stored)
  return Array.isArray(images) ? images.filter(isRecord) : []
}

/** The digest may be that of the running image, or one in its name. */
function isOf({ image: written, id }: StoredImage, { name, tag, digest }: Subject & { readonly is: 'image' }) {
  const [text, running] = [written, id].map((value) => (typeof value === 'string' ? value : '')) as [string, string]
  if (digest !== undefined) return running.includes(digest) || text.includes(digest)
  return tag === undefined
    ? text.replace(/(@sha256:.*|:[^/:]*)$/, '') === name
    : text.replace(/@sha256:.*$/, '') === `${name}:${tag}`
}

/** Objects that had the address in the time range; nodes before the pods that use their network. */
async function holdersOf(address: string, { dialect, viewer, runQuery, span }: Known): Promise<readonly string[]> {
  const { asText, contains } = dialect
  const addresses = dialect.jsonMember('data', 'addresses')
  const rows = await runQuery(
    `SELECT DISTINCT kind, ref FROM resources WHERE kind IN ('Node', 'Pod', 'Service') AND ` +
      `${during(span, dialect)} AND ${contains(asText(addresses), `"${address}"`)} ` +
      `ORDER BY kind, ref LIMIT ${maxAddresses}`,
  )
  return [...new Set(rows.map(({ ref }) => String(ref)))].filter((ref) => mayName(viewer, ref))
}
