import { actorRef } from '../../model/audit.ts'
import { auditRecordOf } from '../../model/audit-record.ts'
import type { EventBatch } from '../../model/batches.ts'
import type { Column } from '../../model/columns.ts'
import { DictionaryBuilder } from '../../model/dictionary.ts'
import { eventAt, type WeirEvent } from '../../model/events.ts'
import { fieldsOf, textOf, type Fields } from '../../model/json.ts'
import { auditColumns, type AuditColumn } from '../schema.ts'
import type { EventRows, FlowRows } from '../table-writer.ts'

const maxLength = 4096

/** Extracted once, so that queries need not parse bodies; undefined without audit events. */
export function auditRows({ batch, origin }: EventRows): FlowRows | undefined {
  const family = batch.dictionary.indexOf('audit')
  if (family < 1 || !batch.family.includes(family)) return undefined
  const words = new DictionaryBuilder()
  const codes = new Map<AuditColumn, Uint32Array>(auditColumns.map((name) => [name, new Uint32Array(batch.count)]))
  for (let row = 0; row < batch.count; row++) {
    if (batch.family[row] !== family) continue
    for (const [name, text] of Object.entries(auditFields(batch, row)))
      if (text !== undefined)
        (codes.get(name as AuditColumn) as Uint32Array)[row] = words.code(text.slice(0, maxLength))
  }
  const columns = Object.fromEntries(
    [...codes].map(([name, values]): [string, Column] => [name, { kind: 'dict', codes: values }]),
  )
  return {
    stream: 'flows',
    batch: { kind: 'flows', count: batch.count, dictionary: words.strings, columns },
    origin,
    endpoints: {},
    words: new Uint32Array(0),
  }
}

function auditFields(batch: EventBatch, row: number): Readonly<Record<AuditColumn, string | undefined>> {
  const event = eventAt(batch, row)
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

function bodyOf({ encoding, data }: WeirEvent): Fields {
  if (encoding !== 'json' || data === undefined) return {}
  try {
    return fieldsOf(JSON.parse(new TextDecoder().decode(data)))
  } catch {
    return {}
  }
}
