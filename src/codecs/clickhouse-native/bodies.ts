/** Columns that are extracted from bodies, so that queries need not parse them. */
import { auditColumns, auditFieldsOf } from '../../model/audit-columns.ts'
import { eventAt, type WeirEvent } from '../../model/events.ts'
import { distinctInsightColumns, insightColumns, insightFamilies, insightFieldsOf } from '../../model/image-insights.ts'
import type { NativeColumn } from './block.ts'
import { lowCardinality, plainTexts } from './columns.ts'
import type { EventRows } from './events.ts'
import type { BlockTexts } from './texts.ts'

/** As in the embedded store. */
const maxLength = 4096

type BodyColumns = Readonly<{
  /** Before the names of fields. */
  prefix: string
  fields: readonly string[]
  families: readonly string[]
  fieldsOf: (event: WeirEvent) => Readonly<Record<string, string | undefined>> | undefined
  many: ReadonlySet<string>
}>

const kinds: readonly BodyColumns[] = [
  {
    prefix: 'audit_',
    fields: auditColumns,
    families: ['audit'],
    fieldsOf: auditFieldsOf,
    many: new Set(['resource_id', 'resource_name', 'request_id']),
  },
  {
    prefix: '',
    fields: insightColumns,
    families: insightFamilies,
    fieldsOf: insightFieldsOf,
    many: distinctInsightColumns,
  },
]

function typeOf({ many }: BodyColumns, field: string): string {
  return many.has(field) ? 'Nullable(String)' : 'LowCardinality(Nullable(String))'
}

export const bodyColumnTypes: Readonly<Record<string, string>> = Object.fromEntries(
  kinds.flatMap((kind) => kind.fields.map((field) => [`${kind.prefix}${field}`, typeOf(kind, field)])),
)

/** Without an event of their families there are no columns. */
export function bodyTexts(pieces: readonly EventRows[], count: number, texts: BlockTexts): NativeColumn[] {
  return kinds.flatMap((kind) => textsOf(kind, pieces, count, texts))
}

function textsOf(kind: BodyColumns, pieces: readonly EventRows[], count: number, texts: BlockTexts): NativeColumn[] {
  const { prefix, fields, families, fieldsOf, many } = kind
  const numbers = new Map<string, Uint32Array>(fields.map((field) => [field, new Uint32Array(count)]))
  let isFound = false
  let at = 0
  for (const { batch, rows } of pieces) {
    const codes = new Set(families.map((family) => batch.dictionary.indexOf(family)).filter((code) => code > 0))
    for (const row of rows) {
      const fields = codes.has(batch.family[row]!) ? fieldsOf(eventAt(batch, row)) : undefined
      if (fields !== undefined) {
        isFound = true
        for (const [field, text] of Object.entries(fields))
          if (text !== undefined) numbers.get(field)![at] = texts.number(text.slice(0, maxLength))
      }
      at++
    }
  }
  if (!isFound) return []
  return [...numbers].map(([field, of]) => ({
    name: `${prefix}${field}`,
    type: typeOf(kind, field),
    data: many.has(field) ? plainTexts(of, texts, 'nullable') : lowCardinality(of, texts, 'nullable'),
  }))
}
