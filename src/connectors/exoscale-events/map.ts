import { createHash } from 'node:crypto'
import { outcomeOf, severityOfCode, type AuditActor, type AuditRecord } from '../../model/audit.ts'
import type { WeirEvent } from '../../model/events.ts'
import { cloudRef } from '../../model/refs.ts'
import { fieldsOf, isRecord, withoutUndefined, sorted, textOf, type Fields } from '../../model/json.ts'
import { redacted } from './map-redact.ts'
import { pathOf, resourceOf, type FoundResource } from './map-resource.ts'

type EventOrigin = Readonly<{
  organization: string
  leaveOut?: readonly string[]
}>

const ids = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/gi
const utf8 = new TextEncoder()
const identifyingFields = ['request-id', 'handler', 'uri'] as const

export function mapEvent(given: unknown, { organization, leaveOut = [] }: EventOrigin): WeirEvent | undefined {
  if (!isRecord(given) || identifyingFields.every((name) => textOf(given[name]) === undefined)) return undefined
  const text = (name: string) => textOf(given[name])
  const [handler, method, path, code, region] = [
    text('handler'),
    text('method'),
    pathOf(given),
    text('status'),
    text('zone'),
  ]
  const [severity, resource, actor] = [severityOfCode(Number(code)), resourceOf(given), actorOf(given, organization)]
  const { service, ...about }: Partial<FoundResource> = resource ?? {}
  const audit = withoutUndefined<AuditRecord>({
    actor,
    action:
      handler ?? ([method, path?.replace(ids, '{id}')].filter((part) => part !== undefined).join(' ') || 'unknown'),
    service,
    resource: resource === undefined ? undefined : about,
    tenant: organization,
    region,
    outcome: outcomeOf(severity),
    severity,
    requestId: text('request-id'),
  })
  const name = about.id ?? about.name
  const ref =
    name === undefined || resource === undefined
      ? undefined
      : cloudRef({ cloud: 'exoscale', tenant: organization, service: resource.service, type: resource.type, id: name })
  const time = timeOf(text('timestamp'))
  const subject = about.name ?? about.id
  const extensions = withoutUndefined({
    status: severity,
    code,
    resourceid: about.id,
    region,
    tenant: organization,
    actor: actor.name,
    actorid: actor.id,
    sourceip: actor.address,
    requestid: audit.requestId,
    service,
    resourcetype: about.type,
  })
  return {
    id:
      text('request-id') ??
      createHash('sha256')
        .update(JSON.stringify(sorted(given)))
        .digest('hex'),
    source: `https://api.exoscale.com/${organization}`,
    type: `exoscale.${(handler ?? 'request').toLowerCase().replace(/[^a-z0-9._-]+/g, '-')}`,
    family: 'audit',
    ...withoutUndefined({ subject, time, ref }),
    key: ref ?? `exoscale:${organization}`,
    extensions,
    datacontenttype: 'application/json',
    encoding: 'json',
    data: utf8.encode(JSON.stringify({ ...kept(given, leaveOut), audit })),
  }
}

function actorOf(event: Fields, domain: string): AuditActor {
  const [user, key, role] = ['iam-user', 'iam-api-key', 'iam-role'].map((name) => fieldsOf(event[name])) as [
    Fields,
    Fields,
    Fields,
  ]
  const address = textOf(event['source-ip'])
  const person = withoutUndefined({ id: textOf(user['id']), name: textOf(user['email']) ?? textOf(user['name']) })
  if (person.id !== undefined || person.name !== undefined)
    return withoutUndefined<AuditActor>({ kind: 'user', ...person, domain, address })
  const program = withoutUndefined({ id: textOf(key['key']), name: textOf(key['name']) })
  if (program.id !== undefined || program.name !== undefined)
    return withoutUndefined<AuditActor>({ kind: 'service', ...program, domain, address })
  const rights = withoutUndefined({ id: textOf(role['id']), name: textOf(role['name']) })
  if (rights.id !== undefined || rights.name !== undefined)
    return withoutUndefined<AuditActor>({ kind: 'session', ...rights, domain, address })
  return withoutUndefined<AuditActor>({ kind: 'unknown', address })
}

function kept({ uri: _, ...event }: Fields, leaveOut: readonly string[]): Fields {
  const params = (name: string) => (leaveOut.includes(name) ? undefined : redacted(event[name]))
  return withoutUndefined<Fields>({
    ...event,
    uri: pathOf({ uri: _ }),
    'body-params': params('body-params'),
    'get-params': params('get-params'),
    ...(leaveOut.includes('message') ? { message: undefined } : {}),
    audit: undefined,
  })
}

function timeOf(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? undefined : time
}
