/**
 * One form for who did what, whatever cloud or cluster told it: field `audit` in the body of events of the family `audit`.
 * `time` is that of the event, and `ref` names the resource (refs.ts). What was not told is absent.
 */
export interface AuditRecord {
  readonly actor: AuditActor
  /** What was done, as the other side calls it: `login`, `deleteEip`, `create`. */
  readonly action: string
  /** What offers the action: `IAM`, `ECS`. */
  readonly service?: string
  readonly resource?: AuditResource
  /** Whose resource it is: a project, an account, a cluster. */
  readonly tenant?: string
  readonly region?: string
  readonly outcome: 'success' | 'failure' | 'unknown'
  readonly severity: AuditSeverity
  /** What the other side calls the request, so that several traces of it are found together. */
  readonly requestId?: string
}

/** `normal`: it went well. `warning`: it failed. `incident`: it failed with serious consequences. */
export type AuditSeverity = 'normal' | 'warning' | 'incident' | 'unknown'

export interface AuditPerson {
  readonly id?: string
  readonly name?: string
  /** Where the name means something: a domain, an account, an issuer. */
  readonly domain?: string
}

export const actorKinds = ['user', 'session', 'service', 'system', 'unknown'] as const

export interface AuditActor extends AuditPerson {
  /**
   * `session`: `impersonatedBy` acted with this one's rights. `service`: a program with a name of its own. `system`: nobody, the cloud itself.
   * `unknown`: it was not told, or can't be read.
   */
  readonly kind: (typeof actorKinds)[number]
  readonly impersonatedBy?: AuditPerson
  /** Where the request came from. */
  readonly address?: string
}

export interface AuditResource {
  readonly type?: string
  readonly id?: string
  readonly name?: string
  readonly url?: string
}

/** By the status of an answer over HTTP, where nothing else tells. */
export function severityOfCode(code: number): AuditSeverity {
  if (!(code >= 100 && code < 600)) return 'unknown'
  return code >= 400 ? 'warning' : 'normal'
}

export function outcomeOf(severity: AuditSeverity): AuditRecord['outcome'] {
  return severity === 'unknown' ? 'unknown' : severity === 'normal' ? 'success' : 'failure'
}

/**
 * What an actor is found by, in Neo4j's graph and behind `user:` in view `audit`: a name means something in its domain only. One `system` for all, and one
 * `unknown`.
 */
export function actorKey({ kind, id, name, domain = '' }: AuditPerson & { readonly kind: string }): string {
  const who = id ?? name
  if (who === undefined) return kind === 'system' ? 'system' : 'unknown'
  return `${domain.replace(/[%/]/g, encodeURIComponent)}/${who}`
}

/** The same as a reference. */
export function actorRef(actor: AuditPerson & { readonly kind: string }): string {
  return `${actor.id === undefined && actor.name === undefined ? '' : 'user:'}${actorKey(actor)}`
}
