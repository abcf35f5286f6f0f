import { auditColumns } from '../schema.ts'
import type { Receipt } from '../read/receipt.ts'
import { position, type ViewInput } from '../read/views.ts'
import { eventsOf } from './events.ts'

/** View `audit`: who did what, whatever told it. No column is worked out: so conditions on them are asked where the files are read. */
export function auditView(input: ViewInput, when?: Receipt): string {
  const columns = auditColumns.flatMap((name) => (name === 'resource_type' ? ['ref AS resource', name] : [name]))
  return `SELECT ${['time', ...columns, 'id', 'source', 'type', 'data'].map((name) => `r.${name}`).join(', ')}, ${position(input)} FROM (${eventsOf('audit', input, when)}) r`
}
