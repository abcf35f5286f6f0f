/** An audit event as the nodes and relationships that it makes. Labels, relationships and directions are neo4j_sink's, whose users' queries go on working. */
import { actorKey, type AuditPerson } from '../../model/audit.ts'
import type { WeirEvent } from '../../model/events.ts'
import { cloudRef } from '../../model/refs.ts'
import { fieldsOf, known, textOf, type Fields } from '../../model/told.ts'
import { auditRecordOf, cloudOf, isAudit } from '../../model/audit-record.ts'

type Properties = Readonly<Record<string, string>>

export interface KeyedNode {
  readonly key: string
  readonly set: Properties
}

export interface GraphRow {
  /** About as much as it is on the wire, in characters. */
  readonly length: number
  /** Times in Unix ms. */
  readonly action: { readonly id: string; readonly time: number | null; readonly recorded: number | null; readonly set: Properties }
  readonly subject: KeyedNode
  /** Who acted as the subject. */
  readonly behind?: KeyedNode
  readonly resource?: KeyedNode
  readonly tenant?: { readonly tenantId: string; readonly domainId: string }
  readonly region?: string
  readonly status: string
}

/** An index of Neo4j takes about 8 KB; what a node is found by is kept well below. */
const longestKey = 4000
/** Texts that nobody looks for are kept to this many characters. */
const longestText = 4096

/** Throws, in words, for what makes no graph. */
export function toGraph(event: WeirEvent): GraphRow {
  const data = dataOf(event)
  if (!isAudit(event, data)) throw new Error(`it is of the family ${event.family ?? 'event'} and tells of no action, and only audit events make a graph; let the sink take those only (\`only: {family: [audit]}\`)`)
  const { actor, action, service, resource, tenant, region, severity, requestId } = auditRecordOf(event, data)
  const texts = { name: action, service, traceType: data['trace_type'], code: data['code'] ?? event.extensions?.['code'], sourceIp: actor.address, requestId, apiVersion: data['api_version'], message: data['message'] }
  const named = resource?.id ?? resource?.name
  const key = named === undefined ? undefined : (event.ref ?? cloudRef({ cloud: cloudOf(event), tenant: tenant ?? '', service: (service ?? '').toLowerCase(), type: (resource?.type ?? '').toLowerCase(), id: named }))
  const row = known<Omit<GraphRow, 'length'>>({
    action: { id: event.id, time: timeOf(event.time), recorded: timeOf(data['record_time']), set: { source: event.source, type: event.type, status: severity, ...shortened(texts) } },
    subject: subjectOf(actor), behind: actor.impersonatedBy === undefined ? undefined : subjectOf({ ...actor.impersonatedBy, kind: 'user' }),
    resource: key === undefined ? undefined : { key, set: shortened({ id: named, name: resource?.name, type: resource?.type, service, url: resource?.url }) },
    tenant: tenant === undefined ? undefined : { tenantId: tenant, domainId: textOf(event.extensions?.['domain']) ?? '' },
    region, status: severity,
  })
  for (const [what, text] of [['id', event.id], ['actor', row.subject.key], ['actor', row.behind?.key], ['resource', key], ['tenant', tenant], ['domain', row.tenant?.domainId], ['region', region]] as const) {
    const bytes = text === undefined ? 0 : Buffer.byteLength(text)
    if (bytes > longestKey) throw new Error(`its ${what} has ${bytes} bytes, and a node is found by ${longestKey} at most`)
  }
  return { ...row, length: JSON.stringify(row).length }
}

function dataOf({ encoding, data }: WeirEvent): Fields {
  if (encoding !== 'json' || data === undefined) return {}
  try {
    return fieldsOf(JSON.parse(new TextDecoder().decode(data)))
  } catch {
    throw new Error('its body should be JSON and is not')
  }
}

function subjectOf(actor: AuditPerson & { readonly kind: string }): KeyedNode {
  const key = actorKey(actor)
  const { kind, id, name, domain } = actor
  const who = id ?? name
  return { key, set: who === undefined ? { id: key, kind: key } : shortened({ id: who, name: name ?? who, kind, domainId: domain }) }
}

function shortened(texts: Fields): Properties {
  return known<Properties>(Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, textOf(value)?.slice(0, longestText)])))
}

function timeOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : null
}
