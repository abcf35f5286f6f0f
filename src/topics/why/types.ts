/** A change of an object or cloud resource, or an audit event, that may be related to traffic. */
export type Candidate = Readonly<{
  is: 'change' | 'resource' | 'audit'
  /** Unix ms. */
  at: number
  time: string
  cluster: string | null
  group: string
  kind: string
  namespace: string | null
  name: string
  ref: string | null
  operation: string
  actor: string | null
  actor_kind: string | null
  actor_ref: string | null
  manager: string | null
  audit_id: string | null
  paths: readonly string[]
  diff: readonly unknown[]
  pos: string
  /** `spec` before and after; of a cloud resource its known attachments. */
  before: unknown
  after: unknown
}>

export const reasons = [
  'workload',
  'policy',
  'service',
  'route',
  'scaler',
  'config',
  'node',
  'machine',
  'pool',
  'attached',
  'balancer',
  'image',
  'namespace',
  'rules',
  'actor',
] as const
export type ReasonName = (typeof reasons)[number]

/** `via`: the affected workload only exchanges traffic with the related one. */
export type Reason = Readonly<{ is: ReasonName; object: string; via?: string }>

export type Labels = Readonly<Record<string, string>>

/** An end of the changed traffic. */
export type Workload = Readonly<{
  cluster: string | null
  namespace: string
  kind: string
  name: string
  /** Share of the changed traffic, 0 to 1. */
  share: number
  /** Relative change of its traffic, as a part of the largest one of all workloads: 0 to 1. */
  impact: number
  /** The affected workload that it exchanges traffic with; undefined: it is affected itself. */
  via: string | undefined
  labels: readonly Labels[]
  nodes: ReadonlySet<string>
  images: ReadonlySet<string>
  /** `ConfigMap/prices`. */
  configs: ReadonlySet<string>
  /** Names of services that select it. */
  services: ReadonlySet<string>
  /** References of cloud resources that it depends on. */
  clouds: ReadonlyMap<string, ReasonName>
}>

export function workloadName({ namespace, name }: Pick<Workload, 'namespace' | 'name'>): string {
  return namespace === '' ? name : `${namespace}/${name}`
}
