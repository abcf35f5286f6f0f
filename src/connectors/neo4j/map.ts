/** An event as the nodes and relationships that it makes. Labels, relationships and directions of audit events are neo4j_sink's, whose users' queries go on working. */
import type { WeirEvent } from '../../model/events.ts'
import { fieldsOf, type Fields } from '../../model/json.ts'
import { isAudit } from '../../model/audit-record.ts'
import { toAction, type ActionRow } from './map-action.ts'
import { toChange, type ChangeRow } from './map-change.ts'
import { toObject, type ObjectRow } from './map-object.ts'

export type GraphRow = ActionRow | ChangeRow | ObjectRow
/** `length`: about as much as it is on the wire, in characters. */
export type SizedRow = GraphRow & { readonly length: number }

/** Throws, in words, for what makes no graph. */
export function toGraph(event: WeirEvent): SizedRow {
  const row = rowOf(event, dataOf(event))
  return { ...row, length: JSON.stringify(row).length }
}

function rowOf(event: WeirEvent, data: Fields): GraphRow {
  if (event.family === 'change') return toChange(event, data)
  if (event.family === 'resource') return toObject(event, data)
  if (isAudit(event, data)) return toAction(event, data)
  throw new Error(
    `it is of the family ${event.family ?? 'event'} and tells of no action; let the sink take what makes a graph only (\`only: {family: [audit, change, resource, flow]}\`)`,
  )
}

function dataOf({ encoding, data }: WeirEvent): Fields {
  if (encoding !== 'json' || data === undefined) return {}
  try {
    return fieldsOf(JSON.parse(new TextDecoder().decode(data)))
  } catch {
    throw new Error('its body should be JSON and is not')
  }
}
