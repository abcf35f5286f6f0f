/** The record stays unchanged, except for secrets. `audit` is common to all clouds. */
import { createHash } from 'node:crypto'
import { outcomeOf, type AuditRecord, type AuditSeverity } from '../../model/audit.ts'
import { redactFields } from '../../codecs/redact/index.ts'
import type { WeirEvent } from '../../model/events.ts'
import { isRecord, withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import { cloudRef } from '../../model/refs.ts'
import { actorOf } from './map-actor.ts'
import { resourceOf, type FoundResource, type ReturnedResource } from './map-resource.ts'

const utf8 = new TextEncoder()

export function mapRecord(record: unknown, lookedUp: readonly ReturnedResource[] = []): WeirEvent | undefined {
  if (!isRecord(record)) return undefined
  const text = (name: string) => textOf(record[name])
  const [action, eventSource, region, kind, code] = [
    'eventName',
    'eventSource',
    'awsRegion',
    'eventType',
    'errorCode',
  ].map(text)
  if (action === undefined && eventSource === undefined) return undefined
  const identity = isRecord(record['userIdentity']) ? record['userIdentity'] : {}
  const service = eventSource?.replace(/\.amazonaws\.com(?:\.cn)?$/, '')
  const tenant = text('recipientAccountId') ?? textOf(identity['accountId'])
  const severity = severityOf(record)
  const actor = actorOf(record['userIdentity'], { kind, from: record['sourceIPAddress'] })
  const { service: owner, account, ...resource }: Partial<FoundResource> = resourceOf(record, lookedUp) ?? {}
  const audit = withoutUndefined<AuditRecord>({
    actor,
    action: action ?? 'unknown',
    service,
    resource: resource.id === undefined ? undefined : resource,
    tenant,
    region,
    outcome: outcomeOf(severity),
    severity,
    requestId: text('requestID'),
  })
  const ref =
    resource.id === undefined
      ? undefined
      : cloudRef({
          cloud: 'aws',
          tenant: account ?? tenant ?? '',
          service: owner ?? service ?? '',
          type: resource.type ?? '',
          id: resource.id,
        })
  const time = timeOf(text('eventTime'))
  const extensions = withoutUndefined({
    status: severity,
    code,
    resourceid: resource.id,
    region,
    tenant,
    actor: actor.name ?? (actor.kind === 'system' ? 'system' : undefined),
    actorid: actor.id,
    sourceip: actor.address,
    requestid: audit.requestId,
    service,
    resourcetype: resource.type,
    tracetype: kind,
  })
  return {
    id: text('eventID') ?? createHash('sha256').update(JSON.stringify(record)).digest('hex'),
    source: `https://cloudtrail.${region ?? 'unknown'}.amazonaws.com/${tenant ?? 'unknown'}`,
    type: `aws.${service ?? 'unknown'}.${action ?? 'unknown'}`,
    family: 'audit',
    ...(resource.id === undefined ? {} : { subject: resource.id }),
    ...withoutUndefined({ time, ref }),
    key: ref ?? `aws:${tenant ?? ''}`,
    extensions,
    datacontenttype: 'application/json',
    encoding: 'json',
    data: utf8.encode(JSON.stringify({ ...redacted(record), audit })),
  }
}

/** Except the identity: its key id identifies the actor. */
function redacted(record: Fields): Fields {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, name === 'userIdentity' ? value : redactFields(value, name)]),
  )
}

/** A failed login has no error code. */
function severityOf({ errorCode, errorMessage, eventName, responseElements: answer }: Fields): AuditSeverity {
  const failed =
    textOf(errorCode) !== undefined ||
    textOf(errorMessage) !== undefined ||
    (isRecord(answer) && typeof eventName === 'string' && answer[eventName] === 'Failure')
  return failed ? 'warning' : 'normal'
}

function timeOf(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? undefined : time
}
