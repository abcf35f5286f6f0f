/** One form for all clouds and clusters: `audit` in the body of events of the family `audit`. */
export type AuditRecord = Readonly<{
  actor: AuditActor
  action: string
  service?: string
  resource?: AuditResource
  tenant?: string
  region?: string
  outcome: 'success' | 'failure' | 'unknown'
  severity: AuditSeverity
  /** The original request id, which correlates several traces of one request. */
  requestId?: string
}>

/** `normal`: succeeded. `warning`: failed. `incident`: failed with serious consequences. */
export type AuditSeverity = 'normal' | 'warning' | 'incident' | 'unknown'

export type AuditPerson = Readonly<{
  id?: string
  name?: string
  domain?: string
}>

export const actorKinds = ['user', 'session', 'service', 'system', 'anonymous', 'unknown'] as const

export interface AuditActor extends AuditPerson {
  /** `session`: `impersonatedBy` acted with these rights. `system`: the cloud. `anonymous`: no credentials. */
  readonly kind: (typeof actorKinds)[number]
  readonly impersonatedBy?: AuditPerson
  readonly address?: string
}

export type AuditResource = Readonly<{
  type?: string
  id?: string
  name?: string
  url?: string
}>

export function severityOfCode(code: number): AuditSeverity {
  if (!(code >= 100 && code < 600)) return 'unknown'
  return code >= 400 ? 'warning' : 'normal'
}

export function outcomeOf(severity: AuditSeverity): AuditRecord['outcome'] {
  return severity === 'unknown' ? 'unknown' : severity === 'normal' ? 'success' : 'failure'
}

/** Names are unique within a domain only. All `system` actors share one key, as do all `unknown` ones. */
export function actorKey({ kind, id, name, domain = '' }: AuditPerson & { readonly kind: string }): string {
  const who = id ?? name
  if (who === undefined) return kind === 'system' ? 'system' : 'unknown'
  return `${domain.replace(/[%/]/g, encodeURIComponent)}/${who}`
}

export function actorRef(actor: AuditPerson & { readonly kind: string }): string {
  return `${actor.id === undefined && actor.name === undefined ? '' : 'user:'}${actorKey(actor)}`
}
