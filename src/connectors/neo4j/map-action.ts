/** Compatible with queries for neo4j_sink. */
import { actorKey, type AuditPerson } from '../../model/audit.ts'
import { auditRecordOf, cloudOf } from '../../model/audit-record.ts'
import type { WeirEvent } from '../../model/events.ts'
import { cloudRef } from '../../model/refs.ts'
import { withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import { marksOfAudit } from './map-change.ts'
import {
  objectNode,
  shortened,
  timeOf,
  checkKeyLengths,
  type KeyedNode,
  type Properties,
  type ResourceNode,
} from './map-node.ts'

export type ActionRow = Readonly<{
  kind: 'action'
  action: Readonly<{ id: string; time: number | null; recorded: number | null; set: Properties }>
  subject: KeyedNode
  behind?: KeyedNode
  resource?: ResourceNode
  tenant?: Readonly<{ tenantId: string; domainId: string }>
  region?: string
  status: string
  marks: readonly string[]
}>

export function toAction(event: WeirEvent, data: Fields): ActionRow {
  const { actor, action, service, resource, tenant, region, severity, requestId } = auditRecordOf(event, data)
  const marks = marksOfAudit(event, data)
  const texts = {
    name: action,
    service,
    traceType: data['trace_type'],
    code: data['code'] ?? event.extensions?.['code'],
    sourceIp: actor.address,
    requestId,
    apiVersion: data['api_version'],
    message: data['message'],
  }
  const named = resource?.id ?? resource?.name
  const key =
    named === undefined
      ? undefined
      : (event.ref ??
        cloudRef({
          cloud: cloudOf(event),
          tenant: tenant ?? '',
          service: (service ?? '').toLowerCase(),
          type: (resource?.type ?? '').toLowerCase(),
          id: named,
        }))
  const row = withoutUndefined<ActionRow>({
    kind: 'action',
    action: {
      id: event.id,
      time: timeOf(event.time),
      recorded: timeOf(data['record_time']),
      set: {
        source: event.source,
        type: event.type,
        status: severity,
        ...shortened({ ...texts, mark: marks[0], deletionMark: marks[1] }),
      },
    },
    subject: subjectOf(actor),
    behind: actor.impersonatedBy === undefined ? undefined : subjectOf({ ...actor.impersonatedBy, kind: 'user' }),
    resource:
      key === undefined
        ? undefined
        : (objectNode(key) ?? {
            key,
            set: shortened({ id: named, name: resource?.name, type: resource?.type, service, url: resource?.url }),
          }),
    tenant:
      tenant === undefined ? undefined : { tenantId: tenant, domainId: textOf(event.extensions?.['domain']) ?? '' },
    region,
    status: severity,
    marks: marks.filter((mark) => mark !== undefined),
  })
  checkKeyLengths({
    id: event.id,
    actor: row.subject.key,
    'actor behind it': row.behind?.key,
    resource: key,
    tenant,
    domain: row.tenant?.domainId,
    region,
    mark: marks[0],
    'mark of the deletion': marks[1],
  })
  return row
}

function subjectOf(actor: AuditPerson & { readonly kind: string }): KeyedNode {
  const key = actorKey(actor)
  const { kind, id, name, domain } = actor
  const who = id ?? name
  return {
    key,
    set: who === undefined ? { id: key, kind: key } : shortened({ id: who, name: name ?? who, kind, domainId: domain }),
  }
}
