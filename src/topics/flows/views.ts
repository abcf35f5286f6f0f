import { flowFields } from '../../model/fields.ts'
import { serviceColumns } from '../../model/service-port.ts'
import { flowOrder } from '../../store/read/views.ts'
import { position, sum, text, type ViewColumn } from '../view-columns.ts'

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
/** Later versions only append columns. */
export const flowColumns: readonly ViewColumn[] = [...flowOrder, ...laterFields, ...serviceColumns].map(
  (name) => computed[name] ?? fromRegistry(name),
)
