import type { WeirEvent } from '../../model/events.ts'
import { fieldsOf, type Fields } from '../../model/json.ts'
import { isAudit } from '../../model/audit-record.ts'
import { toAction, type ActionRow } from './map-action.ts'
import { toChange, type ChangeRow } from './map-change.ts'
import { toObject, type ObjectRow } from './map-object.ts'

export type GraphRow = ActionRow | ChangeRow | ObjectRow
export type SizedRow = GraphRow & { readonly length: number }

/** Throws a readable error for an event without a graph representation. */
export function toGraph(event: WeirEvent): SizedRow {
  const row = rowOf(event, dataOf(event))
  return { ...row, length: JSON.stringify(row).length }
}

function rowOf(event: WeirEvent, data: Fields): GraphRow {
  if (event.family === 'change') return toChange(event, data)
  if (event.family === 'resource') return toObject(event, data)
  if (isAudit(event, data)) return toAction(event, data)
  throw new Error(
    `an event of family ${event.family ?? 'event'} has no action; restrict the sink to supported families ` +
      `(\`only: {family: [audit, change, resource, flow]}\`)`,
  )
}

function dataOf({ encoding, data }: WeirEvent): Fields {
  if (encoding !== 'json' || data === undefined) return {}
  try {
    return fieldsOf(JSON.parse(new TextDecoder().decode(data)))
  } catch {
    throw new Error('the body is not JSON')
  }
}
