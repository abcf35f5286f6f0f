/** Columns of audit events, extracted from their bodies so that queries need not parse them. */
import { auditColumns, auditFieldsOf, type AuditColumn } from '../../model/audit-columns.ts'
import { eventAt } from '../../model/events.ts'
import type { NativeColumn } from './block.ts'
import { lowCardinality, plainTexts } from './columns.ts'
import type { EventRows } from './events.ts'
import type { BlockTexts } from './texts.ts'

/** As in the embedded store. */
const maxLength = 4096

/** Almost every row has its own. */
const manyTexts: ReadonlySet<AuditColumn> = new Set(['resource_id', 'resource_name', 'request_id'])

function typeOf(column: AuditColumn): string {
  return manyTexts.has(column) ? 'Nullable(String)' : 'LowCardinality(Nullable(String))'
}

export const auditColumnTypes: Readonly<Record<string, string>> = Object.fromEntries(
  auditColumns.map((column) => [`audit_${column}`, typeOf(column)]),
)

/** Without an audit event there are no columns. */
export function auditTexts(pieces: readonly EventRows[], count: number, texts: BlockTexts): NativeColumn[] {
  const numbers = new Map<AuditColumn, Uint32Array>(auditColumns.map((name) => [name, new Uint32Array(count)]))
  let isFound = false
  let at = 0
  for (const { batch, rows } of pieces) {
    const family = batch.dictionary.indexOf('audit')
    for (const row of rows) {
      if (family > 0 && batch.family[row] === family) {
        isFound = true
        for (const [name, text] of Object.entries(auditFieldsOf(eventAt(batch, row))))
          if (text !== undefined)
            (numbers.get(name as AuditColumn) as Uint32Array)[at] = texts.number(text.slice(0, maxLength))
      }
      at++
    }
  }
  if (!isFound) return []
  return [...numbers].map(([name, codes]) => ({
    name: `audit_${name}`,
    type: typeOf(name),
    data: manyTexts.has(name) ? plainTexts(codes, texts, true) : lowCardinality(codes, texts, true),
  }))
}
