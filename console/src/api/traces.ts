/** Responses of /api/v1/audit. Times are ISO 8601. */
import type { Span } from './objects.ts'

export interface Trace {
  readonly time: string
  readonly actor: string | null
  readonly actor_kind: string | null
  readonly actor_name: string | null
  readonly actor_domain: string | null
  readonly impersonated_by: string | null
  readonly address: string | null
  readonly service: string | null
  readonly action: string | null
  readonly resource: string | null
  readonly resource_type: string | null
  readonly resource_name: string | null
  readonly tenant: string | null
  readonly region: string | null
  readonly outcome: string | null
  readonly severity: string | null
  readonly request_id: string | null
  readonly code: string | null
  readonly source: string
  readonly id: string
  readonly pos: string
}

export interface WholeTrace extends Trace {
  readonly data: unknown
}

export interface TracePage {
  readonly traces: readonly Trace[]
  readonly next: string | null
  /** On the first page only. */
  readonly total?: number
  readonly span: Span
}

export interface TraceSums {
  readonly span: Span
  readonly step: number
  readonly by: string
  readonly total: number
  readonly groups: readonly Readonly<{ value: string | null; traces: number }>[]
  readonly others: Readonly<{ groups: number; traces: number }>
  readonly buckets: readonly Readonly<{ time: string; traces: readonly number[] }>[]
}

interface Sized {
  readonly traces: number
  readonly failed: number
  readonly incidents: number
}

interface TraceNode extends Sized {
  readonly value: string | null
  readonly label: string | null
}

export interface TraceColumn {
  readonly column: 'actor' | 'action' | 'resource' | 'tenant' | 'region'
  readonly nodes: readonly TraceNode[]
  readonly others: Sized & { readonly values: number }
}

export interface TraceColumns {
  readonly span: Span
  readonly total: number
  readonly columns: readonly TraceColumn[]
  /** Edges between one column and the next; -1: the others of a column. */
  readonly edges: readonly (Sized & Readonly<{ column: number; from: number; to: number }>)[]
}

export interface Firsts {
  readonly pairs: readonly Readonly<{
    actor: string | null
    actor_name: string | null
    service: string | null
    action: string | null
    first: string
    traces: number
  }>[]
  readonly total: number
  readonly since: string | null
}

export interface Logins {
  readonly actors: readonly Readonly<{
    actor: string | null
    actor_name: string | null
    failed: number
    last: string
    addresses: readonly string[]
  }>[]
  readonly total: number
}

export interface Newest {
  readonly newest: string | null
  readonly sources: readonly Readonly<{
    source: string
    newest: string | null
    received: string
    late: number | null
  }>[]
  readonly collectors?: readonly Readonly<{ name: string; type: string; error?: string }>[]
}
