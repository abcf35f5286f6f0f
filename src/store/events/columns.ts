import { auditFieldsOf } from '../../model/audit-columns.ts'
import type { EventBatch } from '../../model/batches.ts'
import { costColumns, costFieldsOf } from '../../model/cost-columns.ts'
import type { Column } from '../../model/columns.ts'
import { DictionaryBuilder } from '../../model/dictionary.ts'
import { eventAt, type WeirEvent } from '../../model/events.ts'
import { insightFamilies, insightFieldsOf } from '../../model/image-insights.ts'
import { auditColumns, insightColumns } from '../schema.ts'
import type { EventRows, FlowRows } from '../table-writer.ts'

const shortened = 4096

export type BodyColumns = Readonly<{
  names: readonly string[]
  /** Of events with these columns. */
  families: readonly string[]
  fieldsOf: (event: WeirEvent) => Readonly<Record<string, string | undefined>> | undefined
  /** Characters of a text. */
  maxLength: number
}>

export const bodyColumns: readonly BodyColumns[] = [
  { names: auditColumns, families: ['audit'], fieldsOf: auditFieldsOf, maxLength: shortened },
  { names: insightColumns, families: insightFamilies, fieldsOf: insightFieldsOf, maxLength: shortened },
  // Whole: views read these columns in place of the bodies.
  { names: costColumns, families: ['cost'], fieldsOf: costFieldsOf, maxLength: Infinity },
]

export function columnRows(
  { names, families, fieldsOf, maxLength }: BodyColumns,
  { batch, origin }: EventRows,
): FlowRows | undefined {
  const wanted = codesOf(batch, families)
  if (wanted.size === 0 || !batch.family.some((code) => wanted.has(code))) return undefined
  const words = new DictionaryBuilder()
  const codes = new Map<string, Uint32Array>(names.map((name) => [name, new Uint32Array(batch.count)]))
  for (let row = 0; row < batch.count; row++) {
    if (!wanted.has(batch.family[row]!)) continue
    for (const [name, text] of Object.entries(fieldsOf(eventAt(batch, row)) ?? {}))
      if (text !== undefined) codes.get(name)![row] = words.code(text.slice(0, maxLength))
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

function codesOf({ dictionary }: EventBatch, families: readonly string[]): ReadonlySet<number> {
  return new Set(families.map((family) => dictionary.indexOf(family)).filter((code) => code > 0))
}
