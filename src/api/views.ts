/**
 * The two views that can be asked and watched: their columns in order, with SQL types. Later versions only add.
 */
import type { BatchKind } from '../model/batches.ts'
import { flowFields } from '../model/fields.ts'

export interface ViewColumn {
  readonly name: string
  /** Type in SQL. */
  readonly type: string
  readonly unit?: string
  readonly otel?: string
  readonly meaning: string
}

const sqlType: Readonly<Record<string, string>> = {
  u8: 'UTINYINT', u16: 'USMALLINT', u32: 'UINTEGER', u64: 'UBIGINT', i32: 'INTEGER', f64: 'DOUBLE',
  ip: 'VARCHAR', mac: 'VARCHAR', time: 'TIMESTAMP WITH TIME ZONE', dict: 'VARCHAR', json: 'JSON', 'list<u8>': 'UTINYINT[]', 'list<dict>': 'VARCHAR[]',
}

const registry = new Map(flowFields.map((field) => [field.name as string, field]))

function fromRegistry(name: string): ViewColumn {
  const field = registry.get(name)
  if (field === undefined) throw new Error(`the field registry has no ${name}`)
  const { kind, meaning } = field
  return {
    name,
    type: name === 'time_skewed' ? 'BOOLEAN' : (sqlType[kind] ?? 'VARCHAR'),
    ...('unit' in field ? { unit: field.unit } : {}),
    ...('otel' in field ? { otel: field.otel } : {}),
    meaning,
  }
}

const position: ViewColumn = { name: '_pos', type: 'VARCHAR', meaning: 'Stable id of the row: source instance, epoch, source sequence, row' }

/** The columns of version 1, in their order. */
const first: readonly ViewColumn[] = [
  ...[
    'time_start', 'time_end', 'time_received', 'src_addr', 'dst_addr', 'exporter_addr', 'src_port', 'dst_port', 'proto', 'tcp_flags',
    'direction', 'dscp', 'vlan', 'in_if', 'out_if', 'bytes', 'packets', 'sampling',
  ].map(fromRegistry),
  { name: 'bytes_est', type: 'HUGEINT', unit: 'By', meaning: 'Bytes × sampling: what really passed, estimated' },
  { name: 'packets_est', type: 'HUGEINT', unit: '{packet}', meaning: 'Packets × sampling: what really passed, estimated' },
  ...['protocol', 'protocol_version', 'time_skewed', 'src_name', 'src_label', 'dst_name', 'dst_label'].map(fromRegistry),
  position,
]

const flows: readonly ViewColumn[] = [...first, ...flowFields.map(({ name }) => name).filter((name) => !first.some((column) => column.name === name)).map(fromRegistry)]

const events: readonly ViewColumn[] = [
  { name: 'id', type: 'VARCHAR', meaning: 'CloudEvents id, unique within its source' },
  { name: 'source', type: 'VARCHAR', meaning: 'CloudEvents source: who says so' },
  { name: 'type', type: 'VARCHAR', meaning: 'CloudEvents type: what happened' },
  { name: 'subject', type: 'VARCHAR', meaning: 'CloudEvents subject: what it happened to, within the source' },
  { name: 'time', type: 'TIMESTAMP WITH TIME ZONE', meaning: 'When it happened, by the producer’s clock' },
  { name: 'datacontenttype', type: 'VARCHAR', meaning: 'Media type of data' },
  { name: 'dataschema', type: 'VARCHAR', meaning: 'Schema that data follows' },
  { name: 'extensions', type: 'JSON', meaning: 'Extension attributes as an object' },
  { name: 'data', type: 'JSON', meaning: 'The body: JSON as it is, text as a string' },
  { name: 'family', type: 'VARCHAR', meaning: 'What kind of thing it is: event, audit, change, resource …' },
  { name: 'ref', type: 'VARCHAR', meaning: 'The resource it is about' },
  { name: 'key', type: 'VARCHAR', meaning: 'Ordering key: events of one key stay in order' },
  { name: 'time_received', type: 'TIMESTAMP WITH TIME ZONE', meaning: 'When Weir received it' },
  position,
  { name: 'data_base64', type: 'VARCHAR', meaning: 'The body when it is neither JSON nor text' },
]

export const views: Readonly<Record<BatchKind, readonly ViewColumn[]>> = { flows, events }

export const viewNames = Object.keys(views) as readonly BatchKind[]
