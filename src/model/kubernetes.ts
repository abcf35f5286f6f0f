/**
 * What the journal holds of a cluster: the bodies (JSON) of events of the families `change`, `resource` and `k8s-event`, and of
 * those that tell of a gap. All have `source` `/kubernetes/<cluster>`, `ref` that of the object (see refs.ts), `key`
 * `<cluster>/<uid>` (so that every bus keeps the order of an object's events) and `subject` as kubectl writes a place:
 * `pods/shop/web-1`, `deployments.apps/shop/web`, `nodes/worker-1`.
 */
import type { AuditRecord } from './audit.ts'

/** Types of events; the family is in brackets. */
export const kubernetesTypes = {
  /** [change] */
  created: 'weir.kubernetes.created',
  /** [change] */
  updated: 'weir.kubernetes.updated',
  /** [change] */
  deleted: 'weir.kubernetes.deleted',
  /** [resource] */
  resource: 'weir.kubernetes.resource',
  /** [k8s-event] */
  event: 'weir.kubernetes.event',
  /** [event] */
  gap: 'weir.kubernetes.gap',
  /** [audit] */
  audit: 'weir.kubernetes.audit',
} as const

/** In the log and in `weir doctor`. */
export const kindForbidden = 'The account may not watch this kind; Weir tries again, at most every ten minutes.'

export interface ObjectIdentity {
  readonly cluster: string
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  readonly kind: string
  /** Plural, as in paths. */
  readonly resource: string
  /** Absent for what belongs to the whole cluster. */
  readonly namespace?: string
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
}

export type Operation = 'created' | 'updated' | 'deleted'

export type PatchStep =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move'; readonly from: string; readonly path: string }

/** The keys of a place in a document (JSON Pointer, RFC 6901). */
export function keysOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** A true change of an object. Values that are secret are digests in it; see the guide. */
export interface ChangeData extends ObjectIdentity {
  readonly operation: Operation
  /** The state before, without what is noise; null of an object that was created. */
  readonly old: object | null
  /** The state after; null of an object that was deleted. */
  readonly new: object | null
  /** Turns `old` into `new` (RFC 6902); empty of objects that were created or deleted. */
  readonly patch: readonly PatchStep[]
  /** Who wrote it, as far as the object itself tells. */
  readonly actor?: ChangeActor
  /**
   * ISO 8601, to the second, by the API server's clock. Of the update that set `deletionTimestamp`: when that deletion was requested. Of a deletion
   * that had to wait for finalizers or a grace period: when it was requested first.
   */
  readonly deletionRequested?: string
  /** It was there when Weir first looked. */
  readonly initial?: true
  /** What lay in between was not seen: several changes may be in this one. */
  readonly coalesced?: true
  /** Rules by which this would usually be hidden. */
  readonly noise?: readonly string[]
  /** As a whole it was too large for where it was sent to: both states are left out. Never so in the journal. */
  readonly reduced?: true
}

/** A change without the states of its object; of one that was created nothing would be left. */
export function reducedChange(change: ChangeData): ChangeData | undefined {
  return change.operation === 'created' ? undefined : { ...change, old: null, new: null, reduced: true }
}

export interface ChangeActor {
  /** Field manager: `kubectl-client-side-apply`, `kube-controller-manager`. */
  readonly manager: string
  readonly operation?: string
  readonly subresource?: string
  /** ISO 8601, to the second. */
  readonly time?: string
}

/** Who wrote fields of an object, last at a time. */
export interface ManagedField {
  readonly manager?: string
  readonly operation?: string
  readonly subresource?: string
  readonly time?: string
}

/** Who wrote an object last, by its managed fields. Of several in the same second: the last that is named. */
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

/** What an object is to others: its addresses, its owner, its place. Told again when any of it changed. */
export interface ResourceData extends ObjectIdentity {
  /** ISO 8601: since when this holds. Of a new object when it was created, else when it was seen. */
  readonly since: string
  /** `present`: this holds from `since` on. `gone`: the object is no more since then, and nothing else is told. */
  readonly state: 'present' | 'gone'
  readonly labels?: Readonly<Record<string, string>>
  /** ISO 8601, of the object. */
  readonly created?: string
  /** All owners; the one that controls is first. */
  readonly owners?: readonly ResourceOwner[]
  readonly addresses?: readonly ResourceAddress[]
  /** Of pods: on the network of their node, so that its addresses are the node's. */
  readonly hostNetwork?: true
  /** Of pods: `Pending`, `Running`, `Succeeded`, `Failed`. */
  readonly phase?: string
  /** Of pods: the node they are on. */
  readonly node?: string
  /** Of nodes. */
  readonly zone?: string
  readonly region?: string
  readonly providerId?: string
  /** Of nodes: ranges (CIDR) from which their pods have addresses. */
  readonly podRanges?: readonly string[]
  /** Of pods: images of containers, and what they turned out to be. */
  readonly images?: readonly { readonly container: string; readonly image: string; readonly id?: string }[]
  /** Of services: labels of the pods behind it. */
  readonly selector?: Readonly<Record<string, string>>
  readonly ports?: readonly {
    readonly port: number
    readonly protocol: string
    readonly name?: string
    readonly nodePort?: number
    readonly targetPort?: string | number
  }[]
  /** Of endpoint slices: the service, and what is behind it. */
  readonly service?: string
  readonly endpoints?: readonly {
    readonly addresses: readonly string[]
    readonly ready: boolean
    readonly node?: string
    readonly zone?: string
    readonly kind?: string
    readonly namespace?: string
    readonly name?: string
    readonly uid?: string
  }[]
}

export interface ResourceOwner {
  readonly kind: string
  readonly group: string
  readonly name: string
  readonly uid: string
  readonly controller?: true
}

export interface ResourceAddress {
  readonly ip: string
  /**
   * `pod`: of its own network. `secondary`: of a further network (`network` names it). `node`, `cluster` (clusterIP), `external`
   * (externalIPs), `load-balancer`.
   */
  readonly as: 'pod' | 'secondary' | 'node' | 'cluster' | 'external' | 'load-balancer'
  readonly network?: string
  readonly interface?: string
  readonly mac?: string
}

/** An event as the cluster itself reports it, of either of its two APIs. `ref` of the envelope is that of `regarding`. */
export interface ClusterEventData extends ObjectIdentity {
  /** `Normal`, `Warning`. */
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly regarding: {
    readonly kind: string
    readonly group: string
    readonly namespace?: string
    readonly name: string
    readonly uid?: string
  }
  readonly count: number
  /** ISO 8601. */
  readonly first?: string
  readonly last?: string
  readonly reporter?: string
  readonly host?: string
}

/** A comparison with the server found what no watch had told. What follows it in the journal repairs it. */
export interface GapData {
  readonly cluster: string
  readonly group: string
  readonly resource: string
  /** Objects that were there unknown, were known in another state, and were known though gone. */
  readonly missing: number
  readonly stale: number
  readonly extra: number
  readonly cause: string
  /** ISO 8601: when everything was known to be right last, and when this was found. */
  readonly from?: string
  readonly to: string
}

/** A request to the API server, as its audit log tells it. */
export interface AuditData {
  /** The same in the form for all clouds; what older versions wrote has none. */
  readonly audit?: AuditRecord
  readonly cluster: string
  readonly auditID: string
  readonly verb: string
  readonly user: { readonly username: string; readonly groups?: readonly string[]; readonly uid?: string }
  /** Who asked in the name of `user`. */
  readonly impersonatedBy?: string
  readonly sourceIPs: readonly string[]
  readonly userAgent?: string
  readonly uri: string
  readonly code?: number
  /** Undefined for requests that are of no object. */
  readonly object?: AuditObject
  /** ISO 8601, to the microsecond. */
  readonly received: string
  readonly completed?: string
  readonly annotations?: Readonly<Record<string, string>>
}

export interface AuditObject {
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource?: string
  readonly namespace?: string
  readonly name?: string
  readonly uid?: string
  /** As the request left the object: known where the audit policy asks for responses. */
  readonly resourceVersion?: string
  /** The version that the request was based on, if it said so. */
  readonly basedOn?: string
}

export interface ManifestQuery {
  readonly cluster: string
  readonly uid: string
}

export interface ManifestState {
  /** Without noise and secrets. */
  readonly object: object
  /** Unix ms since which it has been known, where the store may have forgotten. */
  readonly since?: number
}

/** A source that watches objects. */
export interface KnownObjects {
  /** The last state of an object that is on disk. */
  manifest(query: ManifestQuery): ManifestState | undefined
}

/** The same of whatever source here knows the object. */
export interface RemoteObjects {
  manifest(query: ManifestQuery): Promise<ManifestState | undefined>
}
