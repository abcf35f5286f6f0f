import type { ColumnKind } from '../model/columns.ts'
import { flowFields, type Field } from '../model/fields.ts'
import type { Stream } from './names.ts'

/** Files record the version of the column set they were written with; it follows the field registry. */
export const schemaVersion: number = 1

/** A column of a data file. */
export interface FileColumn {
  readonly name: string
  /** DuckDB type in files. */
  readonly type: string
  /** Schema version that added it. */
  readonly since: number
}

const typeOfKind: Partial<Record<ColumnKind, string>> = {
  u8: 'UTINYINT', u16: 'USMALLINT', u32: 'UINTEGER', u64: 'UBIGINT', i32: 'INTEGER', f64: 'DOUBLE',
  time: 'TIMESTAMPTZ', mac: 'UBIGINT', ip: 'BIGINT', dict: 'UINTEGER',
}

/** Field of an address → its endpoint column: src_addr → src_ep, next_hop → next_hop_ep. */
export function endpointColumn(field: string): string {
  return `${field.replace(/_addr$/, '')}_ep`
}

const origin: readonly FileColumn[] = [
  { name: '_source', type: 'USMALLINT', since: 1 },
  { name: '_epoch', type: 'UINTEGER', since: 1 },
  { name: '_sequence', type: 'UBIGINT', since: 1 },
  { name: '_row', type: 'UINTEGER', since: 1 },
]

export interface FlowColumn extends FileColumn {
  readonly field: string
  readonly kind: ColumnKind
}

/** Registry fields that a file can hold, in the registry's order. */
export const flowColumns: readonly FlowColumn[] = (flowFields as readonly Field[]).filter(({ since }) => since <= schemaVersion).flatMap(({ name, kind, since }) => {
  const type = typeOfKind[kind]
  if (type === undefined) return []
  return [{ name: kind === 'ip' ? endpointColumn(name) : name, type, since, field: name, kind }]
})

const text = (name: string): FileColumn => ({ name, type: 'VARCHAR', since: 1 })

const eventColumns: readonly FileColumn[] = [
  text('id'), text('source'), text('type'), text('subject'),
  { name: 'time', type: 'TIMESTAMPTZ', since: 1 },
  text('datacontenttype'), text('dataschema'),
  { name: 'extensions', type: 'JSON', since: 1 },
  { name: 'data', type: 'JSON', since: 1 },
  text('data_base64'), text('family'), text('key'), text('ref'),
  { name: 'time_received', type: 'TIMESTAMPTZ', since: 1 },
]

export const fileColumns: Readonly<Record<Stream, readonly FileColumn[]>> = {
  flows: [...flowColumns, ...origin],
  events: [...eventColumns, ...origin],
  endpoints: [{ name: 'ep', type: 'BIGINT', since: 1 }, text('addr'), text('name'), text('label')],
}
