/** Names of objects (`k8s:<cluster>/<group>/<kind>/<namespace>/<name>`) and the paths of their pages. */

export interface ObjectRef {
  readonly cluster: string
  /** Empty: the core group. */
  readonly group: string
  readonly kind: string
  /** Empty: it belongs to the whole cluster. */
  readonly namespace: string
  readonly name: string
}

export function parseRef(ref: string): ObjectRef | undefined {
  const [cluster, group, kind, namespace, name, more] = ref.startsWith('k8s:') ? ref.slice(4).split('/') : []
  if (
    cluster === undefined ||
    group === undefined ||
    kind === undefined ||
    namespace === undefined ||
    name === undefined ||
    name === '' ||
    more !== undefined
  )
    return undefined
  return { cluster, group, kind, namespace, name }
}

export function writeRef({ cluster, group, kind, namespace, name }: ObjectRef): string {
  return `k8s:${cluster}/${group}/${kind}/${namespace}/${name}`
}

/** Empty parts have a sign: slashes that follow one another are joined on the way by some who pass addresses on. */
const [core, none] = ['core', '-']

/** What stands behind `/resource/` in the address; the router writes what an address can't hold as `%25` and so on. */
export function pathOfRef(ref: string): string {
  const parts = parseRef(ref)
  // What a cloud calls `-` is written as no reference has it: there `%` stands before 25 or 2F.
  return parts === undefined
    ? eachPart(ref, (part) => (part === '' ? none : part === none ? '%2D' : part))
    : writeRef({
        ...parts,
        group: parts.group === '' ? core : parts.group,
        namespace: parts.namespace === '' ? none : parts.namespace,
      })
}

/** The name in an address; one that was pasted as it is means the same, also when its empty parts were lost on the way. */
export function refOfPath(path: string): string {
  const parts = parseRef(path) ?? shortened(path)
  return parts === undefined
    ? eachPart(path, (part) => (part === none ? '' : part === '%2D' ? none : part))
    : writeRef({
        ...parts,
        group: parts.group === core ? '' : parts.group,
        namespace: parts.namespace === none ? '' : parts.namespace,
      })
}

/** Of a resource of a cloud; what else is no object stays as it is. */
function eachPart(ref: string, written: (part: string) => string): string {
  const colon = ref.indexOf(':') + 1
  return isCloudRef(ref) ? ref.slice(0, colon) + ref.slice(colon).split('/').map(written).join('/') : ref
}

/** Kinds begin with a capital, groups never do. */
function shortened(path: string): ObjectRef | undefined {
  const [, cluster = '', one = '', two = '', three] = /^k8s:([^/]+)\/([^/]+)\/([^/]+)(?:\/([^/]+))?$/.exec(path) ?? []
  if (cluster === '') return undefined
  const isKind = /^[A-Z]/.test(one)
  if (three === undefined) return isKind ? { cluster, group: '', kind: one, namespace: '', name: two } : undefined
  return isKind
    ? { cluster, group: '', kind: one, namespace: two, name: three }
    : { cluster, group: one, kind: two, namespace: '', name: three }
}

/** `Deployment shop/web`: as people say it; of an actor or a tenant what stands behind its domain. */
export function refText(ref: string): string {
  const parts = parseRef(ref)
  if (parts !== undefined) return `${parts.kind} ${parts.namespace === '' ? '' : `${parts.namespace}/`}${parts.name}`
  const [, rest] = /^(?:(?:user|tenant):[^/]*\/|action:|region:)(.*)$/s.exec(ref) ?? []
  return rest ?? (isCloudRef(ref) ? cloudId(ref) : ref)
}

/** Of `user:<domain>/<id or name>` what people say: the last part. */
export function actorText(ref: string): string {
  const [, who] = /^user:[^/]*\/(.*)$/s.exec(ref) ?? []
  return who ?? ref
}

/** A resource of a cloud: `otc:<tenant>/<service>/<type>/<id>`. */
export function isCloudRef(ref: string): boolean {
  return /^(?!(?:k8s|image|user|tenant):)[a-z][a-z0-9-]*:[^/]*\/[^/]*\/[^/]*\/./.test(ref)
}

/** Its id, as the cloud says it: what would end a part early is written in the reference as in a URL. */
export function cloudId(ref: string): string {
  const id = ref.slice(ref.lastIndexOf('/') + 1)
  try {
    return decodeURIComponent(id)
  } catch {
    return id
  }
}
