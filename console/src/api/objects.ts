import type { ObjectState, PatchStep, ResourceVersion } from '../../../src/api/published.ts'
import type { Covered } from './series.ts'

type ObjectPlace = Readonly<{
  cluster: string
  group: string
  kind: string
  /** null: cluster-scoped. */
  namespace: string | null
  name: string
  uid: string
  ref: string
}>

export interface Change extends ObjectPlace {
  readonly time: string
  readonly operation: string | null
  readonly actor: string | null
  readonly actor_kind: 'user' | 'manager' | null
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

export type Hidden = Readonly<{
  total: number
  rules: Readonly<Record<string, number>>
}>

export type Span = Readonly<{
  from: string
  to: string
}>

export type ChangePage = Readonly<{
  changes: readonly Change[]
  next: string | null
  span: Span
  hidden?: Hidden
}>

export interface WholeChange extends Change {
  readonly old: object | null
  readonly new: object | null
}

export type ChangeSums = Covered &
  Readonly<{
    by: string
    total: number
    groups: readonly Readonly<{ value: string | null; changes: number }>[]
    others: Readonly<{ groups: number; changes: number }>
    /** Buckets without changes are omitted. */
    buckets: readonly Readonly<{ time: string; changes: readonly number[] }>[]
    hidden?: Hidden
  }>

/** A difference between the recorded state and a relist. */
export type ChangeGap = Readonly<{
  time: string
  /** Last time at which the recorded state was known to be complete; null: unknown. */
  since: string | null
  cluster: string
  group: string
  resource: string
  missing: number
  stale: number
  extra: number
  cause: string
  pos: string
}>

export type ChangeGaps = Readonly<{
  gaps: readonly ChangeGap[]
  total: number
}>

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

export type ResourcePage = Readonly<{
  resources: readonly ResourceState[]
  next: string | null
  at: string
  total?: number
}>

export type Relation = Readonly<{
  relation: string
  from: string
  to: string
  valid_from: string
  valid_to: string | null
}>

export type ClusterEvent = Readonly<{
  id: string
  time: string
  type: string | null
  reason: string | null
  message: string | null
  count: number | null
  reporter: string | null
  pos: string
}>

export type WholeResource = Readonly<{
  ref: string
  at: string
  now: (ResourceState & { readonly data: ResourceData }) | null
  manifest: Readonly<Record<string, unknown>> | null
  /** null: no manifest. */
  state: ObjectState | null
  manifest_note: string | null
  versions: readonly ResourceVersion[]
  intervals: readonly ResourceState[]
  owners: readonly Relation[]
  owned: readonly Relation[]
  relations: readonly Relation[]
  changes: readonly Change[]
  events: readonly ClusterEvent[]
}>

type ResourceData = Readonly<{
  addresses?: readonly Readonly<{ ip: string; as: string }>[]
  images?: readonly Readonly<{ container: string; image: string; id?: string }>[]
  selector?: Readonly<Record<string, string>>
  ports?: readonly Readonly<{ port: number; protocol: string; name?: string; targetPort?: string | number }>[]
  endpoints?: readonly Readonly<{
    addresses: readonly string[]
    ready: boolean
    kind?: string
    name?: string
  }>[]
  hostNetwork?: boolean
  region?: string
}>
