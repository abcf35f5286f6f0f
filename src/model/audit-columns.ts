import { actorRef } from './audit.ts'
import { auditRecordOf } from './audit-record.ts'
import type { WeirEvent } from './events.ts'
import { fieldsOf, textOf, type Fields } from './json.ts'

/** Column numbers are permanent: append only. */
export const auditColumns = [
  'actor',
  'actor_kind',
  'actor_id',
  'actor_name',
  'actor_domain',
  'impersonated_by',
  'address',
  'service',
  'action',
  'resource_type',
  'resource_id',
  'resource_name',
  'tenant',
  'tenant_domain',
  'region',
  'outcome',
  'severity',
  'request_id',
  'code',
] as const
export type AuditColumn = (typeof auditColumns)[number]

export function auditFieldsOf(event: WeirEvent): Readonly<Record<AuditColumn, string | undefined>> {
  const data = bodyOf(event)
  const { actor, action, service, resource, tenant, region, outcome, severity, requestId } = auditRecordOf(event, data)
  return {
    actor: actorRef(actor),
    actor_kind: actor.kind,
    actor_id: actor.id,
    actor_name: actor.name,
    actor_domain: actor.domain,
    impersonated_by:
      actor.impersonatedBy === undefined ? undefined : actorRef({ ...actor.impersonatedBy, kind: 'user' }),
    address: actor.address,
    service,
    action,
    resource_type: resource?.type,
    resource_id: resource?.id,
    resource_name: resource?.name,
    tenant,
    tenant_domain: textOf(event.extensions?.['domain']),
    region,
    outcome,
    severity,
    request_id: requestId,
    code: textOf(data['code'] ?? event.extensions?.['code']),
  }
}

/** The JSON object in the body; empty without one. */
export function bodyOf({ encoding, data }: WeirEvent): Fields {
  if (encoding !== 'json' || data === undefined) return {}
  try {
    return fieldsOf(JSON.parse(new TextDecoder().decode(data)))
  } catch {
    return {}
  }
}
