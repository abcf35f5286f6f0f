import { auditFieldsOf } from '../../model/audit-columns.ts'
import type { Column } from '../../model/columns.ts'
import { DictionaryBuilder } from '../../model/dictionary.ts'
import { eventAt } from '../../model/events.ts'
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
    for (const [name, text] of Object.entries(auditFieldsOf(eventAt(batch, row))))
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
