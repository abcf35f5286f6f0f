import { createHash } from 'node:crypto'
import { outcomeOf, severityOfCode, type AuditRecord, type AuditSeverity } from '../../model/audit.ts'
import { redactFields } from '../../codecs/redact/index.ts'
import type { WeirEvent } from '../../model/events.ts'
import { cloudRef } from '../../model/refs.ts'
import { isRecord, withoutUndefined, sorted, textOf, type Fields } from '../../model/json.ts'
import { withoutUrlSecrets } from '../../model/url-text.ts'
import { actorOf, userOf } from './map-user.ts'

/** CloudEvents `source`. The path of a configured endpoint may be a secret. */
export function traceSource(endpoint: string, path: string): string {
  return `${withoutUrlSecrets(endpoint)}${path}`
}

export type TraceOrigin = Readonly<{
  cloud: string
  /** API address with version, project and a slash. */
  source: string
  tenant: string
  domain: string | undefined
  region: string
  leaveOut?: readonly string[]
}>

export type MappedTrace = Readonly<{
  event: WeirEvent
  recorded: number | undefined
  withoutId: boolean
  unknownRating?: string
}>

const texts = [
  'resource_id',
  'trace_name',
  'trace_status',
  'trace_type',
  'request',
  'response',
  'code',
  'api_version',
  'message',
  'trace_id',
  'service_type',
  'resource_type',
  'source_ip',
  'resource_name',
  'request_id',
  'location_info',
  'endpoint',
  'resource_url',
] as const
const times = ['record_time', 'time'] as const
const ratings: readonly string[] = ['normal', 'warning', 'incident']
const utf8 = new TextEncoder()

export function mapTrace(given: unknown, origin: TraceOrigin): MappedTrace | undefined {
  if (!isRecord(given)) return undefined
  // Keys may have stray spaces.
  const trace = Object.fromEntries(Object.entries(given).map(([key, value]) => [key.trim(), value]))
  const { user: userField, trace_rating: rating, trace_status: status, ...rest } = trace
  const raw: Fields = { ...rest, trace_status: textOf(rating) ?? textOf(status) }
  const text = (name: (typeof texts)[number]) => contentText(raw[name])
  const [recorded, happened] = times.map((name) => timeOf(raw[name]))
  const [service, resourceType, name, id, code, kind] = [
    text('service_type'),
    text('resource_type'),
    text('resource_name'),
    text('resource_id'),
    text('code'),
    text('trace_type'),
  ]
  const user = userOf(userField)
  const { severity, unknownLevel } = severityOf(text('trace_status'), code)
  const record = withoutUndefined<AuditRecord>({
    actor: actorOf(user, { kind, address: text('source_ip') }),
    action: text('trace_name') ?? 'unknown',
    service,
    resource: resourceOf(withoutUndefined({ type: resourceType, id, name, url: text('resource_url') })),
    tenant: origin.tenant,
    region: origin.region,
    outcome: outcomeOf(severity),
    severity,
    requestId: text('request_id'),
  })
  const written = {
    ...withoutUndefined(
      Object.fromEntries([
        ...texts.map((key) => [key, origin.leaveOut?.includes(key) === true ? undefined : text(key)] as const),
        ['record_time', recorded],
        ['time', happened],
      ]),
    ),
    user: user.data,
    ...(user.text === undefined ? {} : { user_text: user.text }),
    ...unknownFields(rest),
  }
  const data = { ...(redactFields(written) as Fields), audit: record }
  const traceId = text('trace_id')
  const ref =
    id === undefined && name === undefined
      ? undefined
      : cloudRef({
          cloud: origin.cloud,
          tenant: origin.tenant,
          service: (service ?? '').toLowerCase(),
          type: (resourceType ?? '').toLowerCase(),
          id: id ?? name ?? '',
        })
  const { actor } = record
  const subject = name ?? id
  const time = happened ?? recorded
  return {
    recorded,
    withoutId: traceId === undefined,
    ...withoutUndefined({ unknownRating: unknownLevel }),
    event: {
      id: traceId ?? digestOf(trace),
      source: origin.source,
      type: typeOf([service, kind, resourceType, text('trace_name')]),
      family: 'audit',
      ...withoutUndefined({ subject, time, ref }),
      key: ref ?? `${origin.cloud}:${origin.tenant}`,
      extensions: withoutUndefined({
        status: severity,
        code,
        resourceid: id,
        region: origin.region,
        domain: origin.domain,
        tenant: origin.tenant,
        actor: actor.kind === 'system' ? 'system' : actor.name,
        actorid: actor.id,
        sourceip: actor.address,
        requestid: record.requestId,
        service,
        resourcetype: resourceType,
        tracetype: kind,
      }),
      datacontenttype: 'application/json',
      encoding: 'json',
      data: utf8.encode(JSON.stringify(data)),
    },
  }
}

/** As in cts_exporter: only trailing dots are removed. */
function typeOf(parts: readonly (string | undefined)[]): string {
  const type = parts
    .map((part) => part ?? '')
    .join('.')
    .toLowerCase()
    .replace(/\.+$/, '')
  return type === '' ? 'trace' : type
}

function contentText(value: unknown) {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : textOf(value)
}

function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof time === 'number' && Number.isSafeInteger(time) && time > 0 ? time : undefined
}

function severityOf(
  rating: string | undefined,
  code: string | undefined,
): Readonly<{ severity: AuditSeverity; unknownLevel?: string }> {
  if (rating === undefined) return { severity: severityOfCode(Number(code)) }
  const word = rating.trim().toLowerCase()
  return ratings.includes(word) ? { severity: word as AuditSeverity } : { severity: 'unknown', unknownLevel: rating }
}

function resourceOf(resource: NonNullable<AuditRecord['resource']>) {
  return Object.keys(resource).length === 0 ? undefined : resource
}

function unknownFields(trace: Fields): Fields {
  const added: readonly string[] = [...texts, ...times, 'audit', 'user_text']
  return Object.fromEntries(
    Object.entries(trace).filter(([key, value]) => !added.includes(key) && value !== null && value !== ''),
  )
}

function digestOf(trace: Fields) {
  return createHash('sha256')
    .update(JSON.stringify(sorted(trace)))
    .digest('hex')
}
