/** Later versions only append columns. */
import type { BatchKind } from '../model/batches.ts'
import { flowFields } from '../model/fields.ts'
import { serviceColumns } from '../model/service-port.ts'
import { flowOrder } from '../store/read/views.ts'
import { relationColumns } from '../topics/graph/views.ts'
import { insightColumnsOfViews } from '../topics/insights/views.ts'
import { auditColumns } from '../topics/audit/views.ts'
import { changeColumns } from '../topics/changes/views.ts'
import { inventoryColumns } from '../topics/inventory/views.ts'
import { resourceColumns } from '../topics/resources/views.ts'
import { json, moment, position, sum, text, type ViewColumn } from '../topics/view-columns.ts'

const sqlType: Readonly<Record<string, string>> = {
  u8: 'UTINYINT',
  u16: 'USMALLINT',
  u32: 'UINTEGER',
  u64: 'UBIGINT',
  i32: 'INTEGER',
  f64: 'DOUBLE',
  ip: 'VARCHAR',
  mac: 'VARCHAR',
  time: 'TIMESTAMP WITH TIME ZONE',
  dict: 'VARCHAR',
  json: 'JSON',
  'list<u8>': 'UTINYINT[]',
  'list<dict>': 'VARCHAR[]',
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

const computed: Readonly<Record<string, ViewColumn>> = {
  bytes_est: sum('bytes_est', 'Estimated bytes: reported bytes × sampling interval', 'By'),
  packets_est: sum('packets_est', 'Estimated packets: reported packets × sampling interval', '{packet}'),
  service_port: {
    name: 'service_port',
    type: 'USMALLINT',
    meaning:
      'Port of the server: the only registered port, else the one that the SYN shows, else that of `listening_side`, ' +
      'else the lower one. NULL for a dynamic port (from 32768) that is not known to listen',
  },
  initiator: text('initiator', 'End that opened the connection: src or dst, by the rules of service_port'),
  _pos: position,
}

const laterFields = flowFields.map(({ name }) => name).filter((name) => !flowOrder.includes(name))
const flows: readonly ViewColumn[] = [...flowOrder, ...laterFields, ...serviceColumns].map(
  (name) => computed[name] ?? fromRegistry(name),
)

const events: readonly ViewColumn[] = [
  text('id', 'CloudEvents id, unique within its source'),
  text('source', 'CloudEvents source: the producer'),
  text('type', 'CloudEvents type: the kind of occurrence'),
  text('subject', 'CloudEvents subject: the object within the source'),
  moment('time', 'Event time, by the producer’s clock'),
  text('datacontenttype', 'Media type of data'),
  text('dataschema', 'Schema that data follows'),
  json('extensions', 'Extension attributes as an object'),
  json('data', 'The body: JSON unchanged, text as a string'),
  text('family', 'Family: event, audit, change, resource …'),
  text('ref', 'Resource reference of the subject'),
  text('key', 'Ordering key: events with the same key stay in order'),
  moment('time_received', 'Receive time'),
  position,
  text('data_base64', 'The body if it is neither JSON nor text'),
]

export const views: Readonly<Record<BatchKind, readonly ViewColumn[]>> = { flows, events }

const traffic: readonly ViewColumn[] = [
  moment('hour', 'Start of the hour'),
  text('from_ref', 'Workload that owns the source'),
  text('to_ref', 'Workload that owns the destination'),
  sum('bytes', 'Estimated bytes: reported bytes × sampling interval', 'By'),
  {
    name: 'packets',
    type: 'HUGEINT',
    unit: '{packet}',
    meaning: 'Estimated packets: reported packets × sampling interval',
  },
  sum('flows', 'Flows', '{flow}'),
]

const queryOnlyViews = {
  changes: changeColumns,
  audit: auditColumns,
  resources: resourceColumns,
  relations: relationColumns,
  traffic,
  inventory: inventoryColumns,
  ...insightColumnsOfViews,
} as const

export const everyView: Readonly<Record<string, readonly ViewColumn[]>> = { ...views, ...queryOnlyViews }

export const viewNames = Object.keys(views) as readonly BatchKind[]
