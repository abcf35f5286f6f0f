import type { AuditRecord } from '../../model/audit.ts'
import type { WeirEvent } from '../../model/events.ts'
import { event } from './frames.ts'

const severities: readonly AuditRecord['severity'][] = ['normal', 'warning', 'incident']

/** 2,000 actors, few of which do most, 300 actions, a resource per ten events. */
export function traceEvent(n: number, time: number): WeirEvent {
  const skewed = (of: number, salt: number): number => Math.floor(of * (hashed(n, salt) / 4_294_967_296) ** 3)
  const [actor, what, tenant] = [skewed(2000, 1), skewed(300, 2), skewed(20, 3)]
  const [service, resource] = [`SVC${what % 30}`, Math.floor((hashed(n, 4) / 4_294_967_296) * 100_000)]
  const severity = severities[hashed(n, 5) % 50 === 0 ? 2 : hashed(n, 5) % 10 === 0 ? 1 : 0] ?? 'normal'
  const name = `res-${resource}`
  const audit: AuditRecord = {
    actor: {
      kind: 'user',
      id: `u${actor}`,
      name: `user-${actor}`,
      domain: 'd0123456789abcdef',
      address: `198.51.${actor % 100}.${actor % 250}`,
    },
    action: `action${what}`,
    service,
    resource: {
      type: `type${what % 30}`,
      id: `${resource.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`,
      name,
    },
    tenant: `project${tenant}`,
    region: `eu-${tenant % 4}`,
    outcome: severity === 'normal' ? 'success' : 'failure',
    severity,
    requestId: `req-${n}`,
  }
  const json = {
    resource_id: audit.resource?.id,
    trace_name: audit.action,
    trace_status: severity,
    trace_type: 'ApiCall',
    request: '{"x":"'.concat('y'.repeat(200), '"}'),
    response: '{"z":"'.concat('w'.repeat(200), '"}'),
    code: '200',
    trace_id: `t${n}`,
    service_type: service,
    resource_type: audit.resource?.type,
    source_ip: audit.actor.address,
    resource_name: name,
    request_id: audit.requestId,
    record_time: time,
    time,
    user: { id: audit.actor.id, name: audit.actor.name, domain: { id: audit.actor.domain, name: 'OTC' } },
    audit,
  }
  return {
    ...event(`t${n}`, {
      source: `https://cts.example/v3/${audit.tenant}`,
      type: `${service}.apicall.${audit.resource?.type}.${audit.action}`.toLowerCase(),
      family: 'audit',
      time,
      json,
    }),
    ref: `otc:${audit.tenant}/${service.toLowerCase()}/${audit.resource?.type}/${audit.resource?.id}`,
    key: `otc:${audit.tenant}/${resource}`,
    extensions: {
      status: severity,
      code: '200',
      region: audit.region ?? '',
      tenant: audit.tenant ?? '',
      actor: audit.actor.name ?? '',
      actorid: audit.actor.id ?? '',
      requestid: audit.requestId ?? '',
      service,
    },
  }
}

function hashed(n: number, salt: number): number {
  let h = Math.imul(n ^ (salt * 0x9e3779b1), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
