import type { FlowBatch } from '../../model/batches.ts'
import { isPresent, type Column } from '../../model/columns.ts'
import { flowFields, type Field, type FlowFieldName } from '../../model/fields.ts'
import { formatIp } from '../../model/ip.ts'
import { macText } from '../flow-json/index.ts'
import { conditionsOf } from '../netobserv-json/index.ts'
import { ProtoWriter } from '../proto-writer/index.ts'
import { writeAttribute, writeListAttribute } from './attributes.ts'

const attributes = 6

/** Where NetObserv's OpenTelemetry names differ from those of the registry, or the registry has none. */
const names: Partial<Record<FlowFieldName, string>> = {
  proto: 'protocol',
  dscp: 'dscp',
  tcp_flags: 'tcp.flags',
  icmp_type: 'icmp.type',
  icmp_code: 'icmp.code',
  bytes: 'bytes',
  packets: 'packets',
  time_start: 'timeflowstart',
  time_end: 'timeflowend',
  time_received: 'timereceived',
}

export const defaultAttributes: ReadonlyMap<FlowFieldName, string> = new Map(
  (flowFields as readonly Field[]).flatMap(({ name, otel }): [FlowFieldName, string][] => {
    const attribute = names[name as FlowFieldName] ?? otel
    return attribute === undefined ? [] : [[name as FlowFieldName, attribute]]
  }),
)

const absentWhenZero: ReadonlySet<FlowFieldName> = new Set<FlowFieldName>(['bytes', 'packets', 'sampling'])

/** Writes the attributes of a row into a log record. Values of dictionaries are encoded once per batch. */
export function flowAttributes(
  batch: FlowBatch,
  mapping: ReadonlyMap<FlowFieldName, string>,
): (writer: ProtoWriter, row: number) => void {
  const conditions = conditionsOf(batch)
  const writers = [...mapping].flatMap(([field, key]) => {
    const column = batch.columns[field]
    if (column === undefined) return []
    const write = attributeWriter(column, field, key, batch.dictionary)
    const when = conditions(field)
    return [when === undefined ? write : (to: ProtoWriter, row: number) => (when(row) ? write(to, row) : undefined)]
  })
  return (writer, row) => {
    for (const write of writers) write(writer, row)
  }
}

type WriteRow = (writer: ProtoWriter, row: number) => void

function attributeWriter(column: Column, field: FlowFieldName, key: string, dictionary: readonly string[]): WriteRow {
  switch (column.kind) {
    case 'dict':
    case 'json': {
      const known: (Uint8Array | undefined)[] = []
      return (writer, row) => {
        const code = column.codes[row]!
        if (code === 0 || dictionary[code] === '') return
        writer.raw((known[code] ??= encoded(key, dictionary[code]!)))
      }
    }
    case 'list<dict>':
      return (writer, row) => {
        const items = column.items.subarray(column.offsets[row], column.offsets[row + 1])
        if (items.length > 0)
          writeListAttribute(
            writer,
            attributes,
            key,
            Array.from(items, (code) => dictionary[code] ?? ''),
          )
      }
    case 'list<u8>':
      return (writer, row) => {
        const items = column.items.subarray(column.offsets[row], column.offsets[row + 1])
        if (items.length > 0) writeListAttribute(writer, attributes, key, [...items])
      }
    case 'ip':
      return (writer, row) => {
        if (isPresent(column.valid, row)) writeAttribute(writer, attributes, key, formatIp(column.words, 4 * row))
      }
    case 'mac':
      return (writer, row) => {
        if (isPresent(column.valid, row))
          writeAttribute(writer, attributes, key, macText(column.words[2 * row]!, column.words[2 * row + 1]!))
      }
    default:
      return numberWriter(column, field, key)
  }
}

type NumberColumn = Extract<Column, { readonly kind: 'u8' | 'u16' | 'u32' | 'i32' | 'f64' | 'time' | 'u64' }>

function numberWriter(column: NumberColumn, field: FlowFieldName, key: string): WriteRow {
  const skipZero = absentWhenZero.has(field)
  const divide = field === 'time_received' ? 1000 : 1
  const valueOf =
    column.kind === 'u64'
      ? (row: number) => column.words[2 * row]! + column.words[2 * row + 1]! * 0x1_0000_0000
      : column.kind === 'time'
        ? (row: number) => Math.floor(column.values[row]! / divide)
        : (row: number) => column.values[row]!
  return (writer, row) => {
    if (!isPresent(column.valid, row)) return
    const value = valueOf(row)
    if (Number.isNaN(value) || (skipZero && value === 0)) return
    writeAttribute(writer, attributes, key, value)
  }
}

function encoded(key: string, value: string): Uint8Array {
  const writer = new ProtoWriter()
  writeAttribute(writer, attributes, key, value)
  return writer.finish()
}
