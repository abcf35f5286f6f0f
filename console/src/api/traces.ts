import type { Span } from './objects.ts'
import type { Covered } from './series.ts'

export type Trace = Readonly<{
  time: string
  actor: string | null
  actor_kind: string | null
  actor_name: string | null
  actor_domain: string | null
  impersonated_by: string | null
  address: string | null
  service: string | null
  action: string | null
  resource: string | null
  resource_type: string | null
  resource_name: string | null
  tenant: string | null
  region: string | null
  outcome: string | null
  severity: string | null
  request_id: string | null
  code: string | null
  source: string
  id: string
  pos: string
}>

export interface WholeTrace extends Trace {
  readonly data: unknown
}

export type TracePage = Readonly<{
  traces: readonly Trace[]
  next: string | null
  total?: number
  span: Span
}>

export type TraceSums = Covered &
  Readonly<{
    by: string
    total: number
    groups: readonly Readonly<{ value: string | null; traces: number }>[]
    others: Readonly<{ groups: number; traces: number }>
    buckets: readonly Readonly<{ time: string; traces: readonly number[] }>[]
  }>

type Sized = Readonly<{
  traces: number
  failed: number
  incidents: number
}>

interface TraceNode extends Sized {
  readonly value: string | null
  readonly label: string | null
}

export type TraceColumn = Readonly<{
  column: 'actor' | 'action' | 'resource' | 'tenant' | 'region'
  nodes: readonly TraceNode[]
  others: Sized & { readonly values: number }
}>

export type TraceColumns = Readonly<{
  span: Span
  total: number
  columns: readonly TraceColumn[]
  /** Edges between one column and the next; -1: the others of a column. */
  edges: readonly (Sized & Readonly<{ column: number; from: number; to: number }>)[]
}>

export type Firsts = Readonly<{
  pairs: readonly Readonly<{
    actor: string | null
    actor_name: string | null
    service: string | null
    action: string | null
    first: string
    traces: number
  }>[]
  total: number
  since: string | null
}>

export type Logins = Readonly<{
  actors: readonly Readonly<{
    actor: string | null
    actor_name: string | null
    failed: number
    last: string
    addresses: readonly string[]
  }>[]
  total: number
}>

export type Newest = Readonly<{
  newest: string | null
  sources: readonly Readonly<{
    source: string
    newest: string | null
    received: string
    late: number | null
  }>[]
  collectors?: readonly Readonly<{ name: string; type: string; error?: string }>[]
}>
