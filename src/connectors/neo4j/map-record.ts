/** What an audit event says, in the form that is the same for all: told as such, by Kubernetes, or by attributes alone. */
import { outcomeOf, severityOfCode, type AuditPerson, type AuditRecord, type AuditSeverity } from '../../model/audit.ts'
import { kubernetesTypes, type AuditData } from '../../model/kubernetes.ts'
import type { WeirEvent } from '../../model/events.ts'

export type Fields = Readonly<Record<string, unknown>>

const severities: readonly string[] = ['normal', 'warning', 'incident'] satisfies AuditSeverity[]

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

/** Texts and numbers; undefined for what is empty or something else. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

/** Without what is undefined. */
export function known<T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}

/** The record of an event whose body was read as `data`. */
export function recordOf(event: WeirEvent, data: Fields): AuditRecord {
  const told = fieldsOf(data['audit'])
  if (Object.keys(told).length > 0) return toldRecord(told)
  return event.type === kubernetesTypes.audit ? kubernetesRecord(data as unknown as Partial<AuditData>) : attributesRecord(event, data)
}

/** Others may write such a body, too: whatever is not as it should be is absent. */
function toldRecord(told: Fields): AuditRecord {
  const [actor, resource] = [fieldsOf(told['actor']), fieldsOf(told['resource'])]
  const behind = fieldsOf(actor['impersonatedBy'])
  const severity = severityOf(textOf(told['severity']), undefined)
  return known<AuditRecord>({
    actor: known<AuditRecord['actor']>({
      kind: actor['kind'] === 'system' || actor['kind'] === 'session' || actor['kind'] === 'user' ? actor['kind'] : 'unknown',
      ...personOf(actor), impersonatedBy: Object.keys(behind).length === 0 ? undefined : personOf(behind), address: textOf(actor['address']),
    }),
    action: textOf(told['action']) ?? 'unknown', service: textOf(told['service']),
    resource: known<NonNullable<AuditRecord['resource']>>({ type: textOf(resource['type']), id: textOf(resource['id']), name: textOf(resource['name']), url: textOf(resource['url']) }),
    tenant: textOf(told['tenant']), region: textOf(told['region']), outcome: outcomeOf(severity), severity, requestId: textOf(told['requestId']),
  })
}

/** A name says who it is: ids are told of some users only, and never of one who asked in the name of another. */
function kubernetesRecord({ cluster, verb, user, impersonatedBy, sourceIPs, code, object, auditID }: Partial<AuditData>): AuditRecord {
  const person = (name: string | undefined): AuditPerson => known<AuditPerson>({ id: textOf(name), name: textOf(name), domain: textOf(cluster) })
  const severity = code !== undefined && code >= 500 ? 'incident' : severityOfCode(code ?? 0)
  const place = [object?.namespace, object?.name].filter((part) => textOf(part) !== undefined).join('/')
  return known<AuditRecord>({
    actor: known<AuditRecord['actor']>({
      kind: textOf(user?.username) === undefined ? 'unknown' : impersonatedBy === undefined ? 'user' : 'session', ...person(user?.username),
      impersonatedBy: impersonatedBy === undefined ? undefined : person(impersonatedBy), address: textOf(sourceIPs?.[0]),
    }),
    action: textOf(verb) ?? 'unknown', service: textOf(object?.group), resource: object === undefined ? undefined : known({ type: textOf(object.resource), id: place === '' ? undefined : place, name: textOf(object.name) }),
    tenant: textOf(cluster), outcome: outcomeOf(severity), severity, requestId: textOf(auditID), region: undefined,
  })
}

/** As cts_exporter tells it: in extensions, and in the body who it was. */
function attributesRecord({ type, subject, extensions = {} }: WeirEvent, data: Fields): AuditRecord {
  const said = personOf(fieldsOf(data['user']))
  const who = said.id === undefined && said.name === undefined ? known<AuditPerson>({ id: textOf(extensions['actorid']), name: textOf(extensions['actor']) }) : said
  const isKnown = who.id !== undefined || who.name !== undefined
  const behind = personOf(fieldsOf(fieldsOf(fieldsOf(data['user'])['assumedBy'])['user']))
  const isLent = behind.id !== undefined || behind.name !== undefined
  const severity = severityOf(textOf(extensions['status']) ?? textOf(data['trace_status']), textOf(extensions['code']) ?? textOf(data['code']))
  return known<AuditRecord>({
    actor: known<AuditRecord['actor']>({
      kind: isLent ? 'session' : isKnown ? 'user' : textOf(data['trace_type']) === 'SystemAction' ? 'system' : 'unknown', ...who,
      impersonatedBy: isLent ? behind : undefined, address: textOf(extensions['sourceip']) ?? textOf(data['source_ip']),
    }),
    action: textOf(data['trace_name']) ?? type, service: textOf(extensions['service']) ?? textOf(data['service_type']),
    resource: known<NonNullable<AuditRecord['resource']>>({
      type: textOf(extensions['resourcetype']) ?? textOf(data['resource_type']), id: textOf(extensions['resourceid']) ?? textOf(data['resource_id']),
      name: textOf(data['resource_name']) ?? textOf(subject), url: textOf(data['resource_url']),
    }),
    tenant: textOf(extensions['tenant']), region: textOf(extensions['region']), outcome: outcomeOf(severity), severity, requestId: textOf(extensions['requestid']) ?? textOf(data['request_id']),
  })
}

/** The domain is a text in our form, an object in a trace. */
function personOf({ id, name, domain }: Fields): AuditPerson {
  return known<AuditPerson>({ id: textOf(id), name: textOf(name), domain: textOf(domain) ?? textOf(fieldsOf(domain)['id']) ?? textOf(fieldsOf(domain)['name']) })
}

function severityOf(rating: string | undefined, code: string | undefined): AuditSeverity {
  const word = rating?.trim().toLowerCase()
  if (word === undefined) return severityOfCode(Number(code))
  return severities.includes(word) ? (word as AuditSeverity) : 'unknown'
}
