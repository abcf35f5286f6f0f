/**
 * All have `source` `/kubernetes/<cluster>`, `ref` of the object (refs.ts), `key` `<cluster>/<uid>`, which orders the
 * object's events, and `subject` as in kubectl: `pods/shop/web-1`.
 */
import type { AuditRecord } from './audit.ts'

export const kubernetesTypes = {
  created: 'weir.kubernetes.created',
  updated: 'weir.kubernetes.updated',
  deleted: 'weir.kubernetes.deleted',
  resource: 'weir.kubernetes.resource',
  event: 'weir.kubernetes.event',
  gap: 'weir.kubernetes.gap',
  audit: 'weir.kubernetes.audit',
} as const

/** Relations of the view `relations` that objects of clusters give. */
export const clusterRelations = ['owned-by', 'runs-on', 'in-namespace', 'uses-image', 'selects', 'provided-by'] as const
export type ClusterRelation = (typeof clusterRelations)[number]

export const kindForbidden = 'The account may not watch this kind; Weir retries it at least every ten minutes.'

export type ObjectIdentity = Readonly<{
  cluster: string
  group: string
  version: string
  kind: string
  resource: string
  namespace?: string
  name: string
  uid: string
  resourceVersion: string
}>

export type Operation = 'created' | 'updated' | 'deleted'

export type PatchStep =
  | Readonly<{ op: 'add' | 'replace'; path: string; value: unknown }>
  | Readonly<{ op: 'remove'; path: string }>
  | Readonly<{ op: 'move'; from: string; path: string }>

export function keysOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
}

export interface ChangeData extends ObjectIdentity {
  readonly operation: Operation
  readonly old: object | null
  readonly new: object | null
  readonly patch: readonly PatchStep[]
  readonly actor?: ChangeActor
  /** ISO 8601, to the second, by the API server's clock: the time of the first request. */
  readonly deletionRequested?: string
  /** The object existed at the first list. */
  readonly initial?: true
  /** Intermediate states were missed: this may combine several changes. */
  readonly coalesced?: true
  /** Noise rules that would usually hide this change. */
  readonly noise?: readonly string[]
  /** Both states are omitted because the change was too large for the sink. Never in the journal. */
  readonly reduced?: true
}

/** A change without the states of its object; undefined for a creation, which would be empty. */
export function reducedChange(change: ChangeData): ChangeData | undefined {
  return change.operation === 'created' ? undefined : { ...change, old: null, new: null, reduced: true }
}

export type ChangeActor = Readonly<{
  manager: string
  operation?: string
  subresource?: string
  /** ISO 8601, to the second. */
  time?: string
}>

export type ManagedField = Readonly<{
  manager?: string
  operation?: string
  subresource?: string
  time?: string
}>

export function actorOf(fields: readonly ManagedField[]): ChangeActor | undefined {
  let last: ManagedField | undefined
  for (const field of fields) if (last === undefined || (field.time ?? '') >= (last.time ?? '')) last = field
  if (last?.manager === undefined) return undefined
  const { manager, operation, subresource, time } = last
  return {
    manager,
    ...(operation === undefined ? {} : { operation }),
    ...(subresource === undefined || subresource === '' ? {} : { subresource }),
    ...(time === undefined ? {} : { time }),
  }
}

/** The identity of an object: its addresses, owner, node and zone. Emitted again after any change to it. */
export interface ResourceData extends ObjectIdentity {
  /** ISO 8601: start of validity. The creation time of a new object, else the time of observation. */
  readonly since: string
  /** `present`: valid from `since` on. `gone`: deleted at `since`; all other fields are absent. */
  readonly state: 'present' | 'gone'
  readonly labels?: Readonly<Record<string, string>>
  readonly created?: string
  readonly owners?: readonly ResourceOwner[]
  readonly addresses?: readonly ResourceAddress[]
  /** Pods: uses the node's network, and so the node's addresses. */
  readonly hostNetwork?: true
  /** Pods: `Pending`, `Running`, `Succeeded`, `Failed`. */
  readonly phase?: string
  /** As kubectl shows it: `Running`, `CrashLoopBackOff`, `Ready`, `Bound`, `Terminating`. Absent: the kind has none. */
  readonly status?: string
  /** Containers of a pod, pods of a workload, completions of a job. */
  readonly ready?: number
  readonly desired?: number
  /** Restarts of the containers of a pod. */
  readonly restarts?: number
  readonly conditions?: readonly Readonly<{ type: string; status: string; reason?: string }>[]
  readonly node?: string
  readonly zone?: string
  readonly region?: string
  readonly providerId?: string
  readonly podRanges?: readonly string[]
  readonly images?: readonly Readonly<{ container: string; image: string; id?: string }>[]
  readonly selector?: Readonly<Record<string, string>>
  readonly ports?: readonly Readonly<{
    port: number
    protocol: string
    name?: string
    nodePort?: number
    targetPort?: string | number
  }>[]
  readonly service?: string
  readonly endpoints?: readonly Readonly<{
    addresses: readonly string[]
    ready: boolean
    node?: string
    zone?: string
    kind?: string
    namespace?: string
    name?: string
    uid?: string
  }>[]
}

export type ResourceOwner = Readonly<{
  kind: string
  group: string
  name: string
  uid: string
  controller?: true
}>

export type ResourceAddress = Readonly<{
  ip: string
  /** `secondary`: a network named by `network`. `cluster`: clusterIP; `external`: externalIPs. */
  as: 'pod' | 'secondary' | 'node' | 'cluster' | 'external' | 'load-balancer'
  network?: string
  interface?: string
  mac?: string
}>

export interface ClusterEventData extends ObjectIdentity {
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly regarding: Readonly<{ kind: string; group: string; namespace?: string; name: string; uid?: string }>
  readonly count: number
  readonly first?: string
  readonly last?: string
  readonly reporter?: string
  readonly host?: string
}

/** A comparison with the server found changes that no watch delivered. The following events repair them. */
export type GapData = Readonly<{
  cluster: string
  group: string
  resource: string
  missing: number
  stale: number
  extra: number
  cause: string
  /** ISO 8601: the last verified time, and the time of this comparison. */
  from?: string
  to: string
}>

export type AuditData = Readonly<{
  /** The common form for all clouds; absent in events of older versions. */
  audit?: AuditRecord
  cluster: string
  auditID: string
  verb: string
  user: Readonly<{ username: string; groups?: readonly string[]; uid?: string }>
  impersonatedBy?: string
  sourceIPs: readonly string[]
  userAgent?: string
  uri: string
  code?: number
  object?: AuditObject
  /** ISO 8601, to the microsecond. */
  received: string
  completed?: string
  annotations?: Readonly<Record<string, string>>
}>

export type AuditObject = Readonly<{
  group: string
  version: string
  resource: string
  subresource?: string
  namespace?: string
  name?: string
  uid?: string
  /** The object's version after the request; known if the audit policy includes responses. */
  resourceVersion?: string
  basedOn?: string
}>

export type ManifestQuery = Readonly<{
  cluster: string
  uid: string
}>

export type ManifestState = Readonly<{
  object: object
  /** Unix ms: start of knowledge, if the store may have expired earlier states. */
  since?: number
}>

export interface KnownObjects {
  manifest(query: ManifestQuery): ManifestState | undefined
}

export interface RemoteObjects {
  manifest(query: ManifestQuery): Promise<ManifestState | undefined>
}
