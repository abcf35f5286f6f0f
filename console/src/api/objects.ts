import type { ObjectState, ResourceVersion } from '../../../src/api/published.ts'
import type { ChangePage, ChangeRow } from '../../../src/topics/changes/schema.ts'

export type { ChangeGap, ChangeGaps, ChangePage, ChangeSums } from '../../../src/topics/changes/schema.ts'
export type {
  Change as WholeChange,
  ChangeRow as Change,
  HiddenChanges as Hidden,
} from '../../../src/topics/changes/schema.ts'

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

export type Span = ChangePage['span']

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
  changes: readonly ChangeRow[]
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
