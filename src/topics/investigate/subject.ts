import { formatIp, parseIp } from '../../model/ip.ts'
import { parseKubernetesRef, workloadGroups, type KubernetesRef } from '../../model/refs.ts'
import type { Dialect } from '../../query/index.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import { mayName, objectScope, type Viewer } from '../scope.ts'
import { Refusal } from '../refusal.ts'
import type { RunQuery } from '../why/workloads.ts'
import type { Subject } from './scene.ts'

export type SubjectContext = Readonly<{ dialect: Dialect; viewer: Viewer; runQuery: RunQuery; span: TimeSpan }>

const cloudRef = /^(?!(?:k8s|image|user|tenant|account):)[a-z][a-z0-9-]*:[^/]*\/[^/]*\/[^/]*\/./

/** Throws for a text that names nothing, and for an object that the viewer may not name. */
export async function subjectOf(written: string, context: SubjectContext): Promise<Subject> {
  const text = written.trim()
  const parts = parseKubernetesRef(text)
  if (parts !== undefined) {
    // Absent and invisible objects look alike.
    if (!mayName(context.viewer, text)) throw missing(text)
    return objectSubject(text, parts)
  }
  if (/^user:[^/]*\/./s.test(text)) return { is: 'actor', ref: text, text: text.slice(text.indexOf('/') + 1) }
  if (text.startsWith('image:')) return imageSubject(text)
  if (/^account:./s.test(text)) {
    const id = text.slice('account:'.length)
    return { is: 'account', ref: text, text: id, id }
  }
  if (cloudRef.test(text)) return { is: 'resource', ref: text, text: text.slice(text.lastIndexOf('/') + 1) }
  const words = parseIp(text)
  if (words !== undefined) return { is: 'address', ref: formatIp(words), text: formatIp(words) }
  const [, kind, namespace = '', name = ''] = /^(?:([A-Z][A-Za-z]*)\/)?([^/\s]+)\/([^/\s]+)$/.exec(text) ?? []
  if (name !== '') {
    const ref = await findObject({ kind, namespace, name }, context)
    const object = ref === undefined ? undefined : parseKubernetesRef(ref)
    if (ref === undefined || object === undefined) throw missing(text)
    return objectSubject(ref, object)
  }
  throw new Refusal('WEIR_API_INVALID', `"subject" names no object, actor, address, image or account: ${text}.`, [
    'Write namespace/name, Kind/namespace/name, an address, k8s:<cluster>/<group>/<kind>/<namespace>/<name>, ' +
      'user:<domain>/<name>, image:<name>, account:<id>, or the reference of a cloud resource.',
  ])
}

/** `image:registry/shop/web:1.0`, with `@sha256:…` or only a digest. */
function imageSubject(ref: string): Subject {
  const written = ref.slice('image:'.length)
  const [, named = '', digest] = /^(.*?)@?(sha256:[0-9a-f]{64})?$/s.exec(written) ?? []
  const [, name = '', tag] = /^(.*?)(?::([^/:]+))?$/s.exec(named) ?? []
  if (name === '' && digest === undefined)
    throw new Refusal('WEIR_API_INVALID', `"subject" names no image: ${ref}.`, [
      'Write image:registry/name, image:registry/name:tag or image:sha256:<digest>.',
    ])
  return { is: 'image', ref, text: written, name, tag, digest }
}

export function objectText({ kind, namespace, name }: Pick<KubernetesRef, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
}

function objectSubject(ref: string, parts: KubernetesRef): Subject {
  return { is: 'object', ref, text: objectText(parts), parts }
}

function missing(written: string) {
  return new Refusal('WEIR_API_NOT_FOUND', `${written} is unknown.`, [
    'GET /api/v1/resources lists objects; expired ones are deleted.',
  ])
}

/** Workloads first, then the newest of them. */
async function findObject(
  { kind, namespace, name }: Readonly<{ kind: string | undefined; namespace: string; name: string }>,
  { dialect, viewer, runQuery, span }: SubjectContext,
): Promise<string | undefined> {
  const { text, time } = dialect
  const scope = objectScope(viewer, dialect)
  const conditions = [
    `namespace = ${text(namespace)}`,
    `name = ${text(name)}`,
    `valid_from < ${time(span.to)}`,
    ...(kind === undefined ? [] : [`kind = ${text(kind)}`]),
    ...(scope === undefined ? [] : [scope]),
  ]
  const workloads = Object.keys(workloadGroups).map(text).join(', ')
  const [row] = await runQuery(
    `SELECT ref FROM resources WHERE ${conditions.join(' AND ')} ORDER BY CASE WHEN kind IN (${workloads}) ` +
      `THEN 0 WHEN kind = 'Pod' THEN 1 ELSE 2 END, valid_from DESC, ref LIMIT 1`,
  )
  return typeof row?.['ref'] === 'string' ? row['ref'] : undefined
}
