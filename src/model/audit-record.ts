import {
  actorKinds,
  outcomeOf,
  severityOfCode,
  type AuditPerson,
  type AuditRecord,
  type AuditSeverity,
} from './audit.ts'
import type { WeirEvent } from './events.ts'
import { fieldsOf, isRecord, withoutUndefined, textOf, type Fields } from './json.ts'

const severities: readonly string[] = ['normal', 'warning', 'incident'] satisfies AuditSeverity[]

/** True for the family `audit` and for traces as cts_exporter sends them, which have no family. */
export function isAudit({ family = 'event', extensions = {} }: WeirEvent, data: Fields): boolean {
  if (family !== 'event') return family === 'audit'
  return (
    isRecord(data['audit']) ||
    textOf(data['trace_id']) !== undefined ||
    (textOf(extensions['tenant']) !== undefined && textOf(extensions['status']) !== undefined)
  )
}

/** The first part of resource references, derived from the event's source. */
export function cloudOf({ source }: WeirEvent): string {
  const host = URL.parse(source)?.hostname ?? ''
  return host.endsWith('.otc.t-systems.com') ? 'otc' : host.endsWith('.myhuaweicloud.com') ? 'huawei' : 'cloud'
}

export function auditRecordOf(event: WeirEvent, data: Fields): AuditRecord {
  const body = fieldsOf(data['audit'])
  return Object.keys(body).length > 0 ? recordOfBody(body) : attributesRecord(event, data)
}

/** Other producers may write invalid values, which count as absent. */
function recordOfBody(body: Fields): AuditRecord {
  const [actor, resource] = [fieldsOf(body['actor']), fieldsOf(body['resource'])]
  const behind = fieldsOf(actor['impersonatedBy'])
  const severity = severityOf(textOf(body['severity']), undefined)
  return withoutUndefined<AuditRecord>({
    actor: withoutUndefined<AuditRecord['actor']>({
      kind: actorKinds.find((kind) => kind === actor['kind']) ?? 'unknown',
      ...personOf(actor),
      impersonatedBy: Object.keys(behind).length === 0 ? undefined : personOf(behind),
      address: textOf(actor['address']),
    }),
    action: textOf(body['action']) ?? 'unknown',
    service: textOf(body['service']),
    resource: withoutUndefined<NonNullable<AuditRecord['resource']>>({
      type: textOf(resource['type']),
      id: textOf(resource['id']),
      name: textOf(resource['name']),
      url: textOf(resource['url']),
    }),
    tenant: textOf(body['tenant']),
    region: textOf(body['region']),
    outcome: outcomeOf(severity),
    severity,
    requestId: textOf(body['requestId']),
  })
}

function attributesRecord({ type, subject, extensions = {} }: WeirEvent, data: Fields): AuditRecord {
  const user = personOf(fieldsOf(data['user']))
  const who =
    user.id === undefined && user.name === undefined
      ? withoutUndefined<AuditPerson>({ id: textOf(extensions['actorid']), name: textOf(extensions['actor']) })
      : user
  const isKnown = who.id !== undefined || who.name !== undefined
  const behind = personOf(fieldsOf(fieldsOf(fieldsOf(data['user'])['assumedBy'])['user']))
  const isLent = behind.id !== undefined || behind.name !== undefined
  const severity = severityOf(
    textOf(extensions['status']) ?? textOf(data['trace_status']),
    textOf(extensions['code']) ?? textOf(data['code']),
  )
  return withoutUndefined<AuditRecord>({
    actor: withoutUndefined<AuditRecord['actor']>({
      kind: isLent
        ? 'session'
        : isKnown
          ? 'user'
          : textOf(data['trace_type']) === 'SystemAction'
            ? 'system'
            : 'unknown',
      ...who,
      impersonatedBy: isLent ? behind : undefined,
      address: textOf(extensions['sourceip']) ?? textOf(data['source_ip']),
    }),
    action: textOf(data['trace_name']) ?? type,
    service: textOf(extensions['service']) ?? textOf(data['service_type']),
    resource: withoutUndefined<NonNullable<AuditRecord['resource']>>({
      type: textOf(extensions['resourcetype']) ?? textOf(data['resource_type']),
      id: textOf(extensions['resourceid']) ?? textOf(data['resource_id']),
      name: textOf(data['resource_name']) ?? textOf(subject),
      url: textOf(data['resource_url']),
    }),
    tenant: textOf(extensions['tenant']),
    region: textOf(extensions['region']),
    outcome: outcomeOf(severity),
    severity,
    requestId: textOf(extensions['requestid']) ?? textOf(data['request_id']),
  })
}

/** The domain is a string in Weir's form and an object in a trace. */
function personOf({ id, name, domain }: Fields) {
  return withoutUndefined<AuditPerson>({
    id: textOf(id),
    name: textOf(name),
    domain: textOf(domain) ?? textOf(fieldsOf(domain)['id']) ?? textOf(fieldsOf(domain)['name']),
  })
}

function severityOf(rating: string | undefined, code: string | undefined): AuditSeverity {
  const word = rating?.trim().toLowerCase()
  if (word === undefined) return severityOfCode(Number(code))
  return severities.includes(word) ? (word as AuditSeverity) : 'unknown'
}
