/**
 * A trace as an event. Attributes and body are what cts_exporter sends, whose consumers go on reading them; what it loses is added:
 * fields that it does not know, further extensions, and `audit`, which is the same for all clouds.
 */
import { createHash } from 'node:crypto'
import { outcomeOf, severityOfCode, type AuditRecord, type AuditSeverity } from '../../model/audit.ts'
import type { WeirEvent } from '../../model/events.ts'
import { cloudRef } from '../../model/refs.ts'
import { isRecord, known, textOf, type Fields } from '../../model/json.ts'
import { actorOf, userOf } from './map-user.ts'

/** Where traces come from. */
export interface TraceOrigin {
  /** First part of references to resources: `otc`, `huawei`. */
  readonly cloud: string
  /** Address of the API with version and project, and a slash at its end. */
  readonly source: string
  /** Id of the project. */
  readonly tenant: string
  /** Id of the domain that the project belongs to. */
  readonly domain: string | undefined
  readonly region: string
  /** Fields that are not kept. */
  readonly leaveOut?: readonly string[]
}

export interface MappedTrace {
  readonly event: WeirEvent
  /** Unix ms when it was recorded. */
  readonly recorded: number | undefined
  /** It has no id of its own: one was made of what it says. */
  readonly nameless: boolean
  /** A rating that is none of the three. */
  readonly strange?: string
}

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

/** Undefined for what is no trace at all. */
export function mapTrace(given: unknown, origin: TraceOrigin): MappedTrace | undefined {
  if (!isRecord(given)) return undefined
  // Keys with a stray space are in the vendor's own samples.
  const trace = Object.fromEntries(Object.entries(given).map(([key, value]) => [key.trim(), value]))
  const { user: told, trace_rating: rating, trace_status: status, ...rest } = trace
  const raw: Fields = { ...rest, trace_status: textOf(rating) ?? textOf(status) }
  const text = (name: (typeof texts)[number]): string | undefined => writtenText(raw[name])
  const [recorded, happened] = times.map((name) => timeOf(raw[name]))
  const [service, resourceType, name, id, code, kind] = [
    text('service_type'),
    text('resource_type'),
    text('resource_name'),
    text('resource_id'),
    text('code'),
    text('trace_type'),
  ]
  const user = userOf(told)
  const { severity, strange } = severityOf(text('trace_status'), code)
  const record = known<AuditRecord>({
    actor: actorOf(user, { kind, address: text('source_ip') }),
    action: text('trace_name') ?? 'unknown',
    service,
    resource: resourceOf(known({ type: resourceType, id, name, url: text('resource_url') })),
    tenant: origin.tenant,
    region: origin.region,
    outcome: outcomeOf(severity),
    severity,
    requestId: text('request_id'),
  })
  const data = {
    ...known(
      Object.fromEntries([
        ...texts.map((key) => [key, origin.leaveOut?.includes(key) === true ? undefined : text(key)] as const),
        ['record_time', recorded],
        ['time', happened],
      ]),
    ),
    user: user.data,
    ...(user.text === undefined ? {} : { user_text: user.text }),
    ...others(rest),
    audit: record,
  }
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
    nameless: traceId === undefined,
    ...(strange === undefined ? {} : { strange }),
    event: {
      id: traceId ?? digestOf(trace),
      source: origin.source,
      type: typeOf([service, kind, resourceType, text('trace_name')]),
      family: 'audit',
      ...(subject === undefined ? {} : { subject }),
      ...(time === undefined ? {} : { time }),
      ...(ref === undefined ? {} : { ref }),
      key: ref ?? `${origin.cloud}:${origin.tenant}`,
      extensions: known({
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

/** As cts_exporter joins it: only dots at the end go. */
function typeOf(parts: readonly (string | undefined)[]): string {
  const type = parts
    .map((part) => part ?? '')
    .join('.')
    .toLowerCase()
    .replace(/\.+$/, '')
  return type === '' ? 'trace' : type
}

/** Requests and answers come as text or as what the text would say. */
function writtenText(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : textOf(value)
}

function timeOf(value: unknown): number | undefined {
  const time = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof time === 'number' && Number.isSafeInteger(time) && time > 0 ? time : undefined
}

function severityOf(
  rating: string | undefined,
  code: string | undefined,
): { readonly severity: AuditSeverity; readonly strange?: string } {
  if (rating === undefined) return { severity: severityOfCode(Number(code)) }
  const word = rating.trim().toLowerCase()
  return ratings.includes(word) ? { severity: word as AuditSeverity } : { severity: 'unknown', strange: rating }
}

function resourceOf(resource: NonNullable<AuditRecord['resource']>): AuditRecord['resource'] {
  return Object.keys(resource).length === 0 ? undefined : resource
}

/** What cts_exporter does not know. */
function others(trace: Fields): Fields {
  const ours: readonly string[] = [...texts, ...times, 'audit', 'user_text']
  return Object.fromEntries(
    Object.entries(trace).filter(([key, value]) => !ours.includes(key) && value !== null && value !== ''),
  )
}

/** The same for the same trace, whatever order its keys came in. */
function digestOf(trace: Fields): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(trace)))
    .digest('hex')
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  return isRecord(value)
    ? Object.fromEntries(
        Object.keys(value)
          .sort()
          .map((key) => [key, sorted(value[key])]),
      )
    : value
}
