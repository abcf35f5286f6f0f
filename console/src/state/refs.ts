/** Object references (`k8s:<cluster>/<group>/<kind>/<namespace>/<name>`) and the paths of their pages. */

export type ObjectRef = Readonly<{
  cluster: string
  group: string
  kind: string
  namespace: string
  name: string
}>

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

/** Empty parts are replaced, because proxies merge consecutive slashes. */
const [core, none] = ['core', '-']

export function pathOfRef(ref: string): string {
  const parts = parseRef(ref)
  // A literal `-` of a cloud is escaped as `%` without 25 or 2F, which no reference contains.
  return parts === undefined
    ? eachPart(ref, (part) => (part === '' ? none : part === none ? '%2D' : part))
    : writeRef({
        ...parts,
        group: parts.group === '' ? core : parts.group,
        namespace: parts.namespace === '' ? none : parts.namespace,
      })
}

/** Accepts a pasted reference, also without its empty parts. */
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

function eachPart(ref: string, written: (part: string) => string) {
  const colon = ref.indexOf(':') + 1
  return isCloudRef(ref) ? ref.slice(0, colon) + ref.slice(colon).split('/').map(written).join('/') : ref
}

/** Kinds start with a capital, groups never do. */
function shortened(path: string): ObjectRef | undefined {
  const [, cluster = '', third = '', two = '', three] = /^k8s:([^/]+)\/([^/]+)\/([^/]+)(?:\/([^/]+))?$/.exec(path) ?? []
  if (cluster === '') return undefined
  const isKind = /^[A-Z]/.test(third)
  if (three === undefined) return isKind ? { cluster, group: '', kind: third, namespace: '', name: two } : undefined
  return isKind
    ? { cluster, group: '', kind: third, namespace: two, name: three }
    : { cluster, group: third, kind: two, namespace: '', name: three }
}

/** `Deployment shop/web`; for actors and tenants the part after the domain. */
export function refText(ref: string): string {
  const parts = parseRef(ref)
  if (parts !== undefined) return `${parts.kind} ${parts.namespace === '' ? '' : `${parts.namespace}/`}${parts.name}`
  const [, rest] = /^(?:(?:user|tenant):[^/]*\/|action:|region:)(.*)$/s.exec(ref) ?? []
  return rest ?? (isCloudRef(ref) ? cloudId(ref) : ref)
}

export function actorText(ref: string): string {
  const [, who] = /^user:[^/]*\/(.*)$/s.exec(ref) ?? []
  return who ?? ref
}

/** `shop:price-bot`: of a service account, what differs between them. */
export function shortActor(name: string): string {
  return name.replace(/^system:serviceaccount:(?=.)/s, '')
}

/** `otc:<tenant>/<service>/<type>/<id>`. */
export function isCloudRef(ref: string): boolean {
  return /^(?!(?:k8s|image|user|tenant):)[a-z][a-z0-9-]*:[^/]*\/[^/]*\/[^/]*\/./.test(ref)
}

export function cloudId(ref: string): string {
  const id = ref.slice(ref.lastIndexOf('/') + 1)
  try {
    return decodeURIComponent(id)
  } catch {
    return id
  }
}
