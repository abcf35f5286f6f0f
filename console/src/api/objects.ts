/** Responses of /api/v1/changes and /api/v1/resources. Times are ISO 8601. */
import type { PatchStep, ResourceVersion } from '../../../src/api/published.ts'

interface ObjectPlace {
  readonly cluster: string
  readonly group: string
  readonly kind: string
  /** null: cluster-scoped. */
  readonly namespace: string | null
  readonly name: string
  readonly uid: string
  readonly ref: string
}

export interface Change extends ObjectPlace {
  readonly time: string
  readonly operation: string | null
  readonly actor: string | null
  readonly actor_kind: 'user' | 'manager' | null
  /** The actor as in traces; null without an audit log. */
  readonly actor_ref: string | null
  readonly manager: string | null
  readonly audit_id: string | null
  readonly coalesced: boolean
  readonly initial: boolean
  readonly noise: readonly string[]
  readonly paths: readonly string[]
  readonly diff: readonly PatchStep[] | null
  readonly resource_version: string | null
  readonly pos: string
}

export interface Hidden {
  readonly total: number
  readonly rules: Readonly<Record<string, number>>
}

export interface Span {
  readonly from: string
  readonly to: string
}

export interface ChangePage {
  readonly changes: readonly Change[]
  readonly next: string | null
  readonly span: Span
  readonly hidden?: Hidden
}

export interface WholeChange extends Change {
  readonly old: object | null
  readonly new: object | null
}

export interface ChangeSums {
  readonly span: Span
  readonly step: number
  readonly by: string
  readonly total: number
  readonly groups: readonly Readonly<{ value: string | null; changes: number }>[]
  readonly others: Readonly<{ groups: number; changes: number }>
  /** Buckets without changes are omitted. */
  readonly buckets: readonly Readonly<{ time: string; changes: readonly number[] }>[]
  readonly hidden?: Hidden
}

/** A difference between the recorded state and a relist. */
export interface ChangeGap {
  readonly time: string
  /** Last time at which the recorded state was known to be complete; null: unknown. */
  readonly since: string | null
  readonly cluster: string
  readonly group: string
  readonly resource: string
  readonly missing: number
  readonly stale: number
  readonly extra: number
  readonly cause: string
  readonly pos: string
}

export interface ChangeGaps {
  readonly gaps: readonly ChangeGap[]
  readonly total: number
}

export interface ResourceState extends ObjectPlace {
  readonly labels: Readonly<Record<string, string>> | null
  readonly node: string | null
  readonly zone: string | null
  readonly phase: string | null
  readonly owner_kind: string | null
  readonly owner_name: string | null
  readonly owner_uid: string | null
  readonly created: string | null
  readonly valid_from: string
  /** null: still valid. */
  readonly valid_to: string | null
  readonly resource_version: string | null
}

export interface ResourcePage {
  readonly resources: readonly ResourceState[]
  readonly next: string | null
  readonly at: string
  /** On the first page only. */
  readonly total?: number
}

export interface Relation {
  readonly relation: string
  readonly from: string
  readonly to: string
  readonly valid_from: string
  readonly valid_to: string | null
}

export interface ClusterEvent {
  readonly id: string
  readonly time: string
  readonly type: string | null
  readonly reason: string | null
  readonly message: string | null
  readonly count: number | null
  readonly reporter: string | null
  readonly pos: string
}

export interface WholeResource {
  readonly ref: string
  readonly at: string
  readonly now: (ResourceState & { readonly data: ResourceData }) | null
  readonly manifest: Readonly<Record<string, unknown>> | null
  readonly manifest_note: string | null
  readonly versions: readonly ResourceVersion[]
  readonly intervals: readonly ResourceState[]
  readonly owners: readonly Relation[]
  readonly owned: readonly Relation[]
  readonly relations: readonly Relation[]
  readonly changes: readonly Change[]
  readonly events: readonly ClusterEvent[]
}

interface ResourceData {
  readonly addresses?: readonly Readonly<{ ip: string; as: string }>[]
  readonly images?: readonly Readonly<{ container: string; image: string; id?: string }>[]
  readonly selector?: Readonly<Record<string, string>>
  readonly ports?: readonly Readonly<{ port: number; protocol: string; name?: string; targetPort?: string | number }>[]
  readonly endpoints?: readonly Readonly<{
    addresses: readonly string[]
    ready: boolean
    kind?: string
    name?: string
  }>[]
  readonly hostNetwork?: boolean
  readonly region?: string
}
