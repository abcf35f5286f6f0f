import { flowForm } from '../../codecs/flow-forms/index.ts'
import { cellChunk, columnTypes } from '../../codecs/parquet/cells.ts'
import type { Column } from '../../codecs/parquet/column.ts'
import { parquetFile } from '../../codecs/parquet/file.ts'
import type { SinkRow } from '../../engine/delivery/rows.ts'
import { auditColumns, auditFieldsOf } from '../../model/audit-columns.ts'
import type { WeirEvent } from '../../model/events.ts'
import { parseExact } from '../../model/exact-json.ts'
import { flowFields } from '../../model/fields.ts'
import { insightColumns, insightFamilies, insightFieldsOf } from '../../model/image-insights.ts'
import { parsedJson, type Fields } from '../../model/json.ts'

export const flowsAsJson = flowForm({ codec: 'json', tcp_flags: 'number' })

const text = (name: string): Column => ({ name, type: 'text' })

const flowColumns: readonly Column[] = [
  text('_pos'),
  ...flowFields.map(({ name, kind }) => ({ name, type: columnTypes[kind] })),
]

const eventColumns: readonly Column[] = [
  ...['id', 'source', 'type', 'subject'].map(text),
  { name: 'time', type: 'us' },
  ...['datacontenttype', 'dataschema'].map(text),
  { name: 'extensions', type: 'json' },
  { name: 'data', type: 'json' },
  ...['data_base64', 'family', 'key', 'ref'].map(text),
  { name: 'time_received', type: 'us' },
]

const insights: ReadonlySet<string> = new Set(insightFamilies)

/** The same for each file of a family. */
function columnsOf(family: string): readonly Column[] {
  if (family === 'flow') return flowColumns
  if (family === 'audit') return [...eventColumns, ...auditColumns.map(text)]
  return insights.has(family) ? [...eventColumns, ...insightColumns.map(text)] : eventColumns
}

/** A JSON object with the columns of its family. */
export function parquetRow({ id, family, event }: SinkRow, received: number): Uint8Array {
  if (family !== 'flow') return Buffer.from(JSON.stringify({ ...eventCells(event), family, time_received: received }))
  return Buffer.concat([Buffer.from(`{"_pos":${JSON.stringify(id)},`), (event.data ?? empty).subarray(1)])
}

const empty = Buffer.from('{}')

function eventCells(event: WeirEvent): Fields {
  const { id, source, type, subject, time, datacontenttype, dataschema, extensions, key, ref } = event
  const columns = event.family === 'audit' ? auditFieldsOf(event) : insightFieldsOf(event)
  const plain = { id, source, type, subject, time, datacontenttype, dataschema, key, ref }
  return { ...plain, extensions: extensions && JSON.stringify(extensions), ...dataCells(event), ...columns }
}

function dataCells({ data, encoding }: WeirEvent): Fields {
  if (data === undefined || encoding === 'none') return {}
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length)
  if (encoding === 'text') return { data: JSON.stringify(bytes.toString()) }
  const json = encoding === 'json' ? bytes.toString() : ''
  return parsedJson(json) === undefined ? { data_base64: bytes.toString('base64') } : { data: json }
}

export function parquetBody(family: string, rows: readonly Uint8Array[]): Buffer {
  const columns = columnsOf(family)
  const parsed = rows.map((row) => parseExact(Buffer.from(row).toString()) as Fields)
  const chunks = columns.map((column) =>
    cellChunk(
      column,
      parsed.map((row) => cellOf(column, row[column.name] ?? null)),
    ),
  )
  return Buffer.concat(parquetFile(columns, [{ rows: rows.length, chunks }], {}))
}

function cellOf({ type }: Column, cell: unknown): unknown {
  if (cell === null) return null
  if (type === 'json') return typeof cell === 'string' ? cell : JSON.stringify(cell)
  if (type !== 'us') return cell
  const micros = Math.round((typeof cell === 'string' ? Date.parse(cell) : Number(cell)) * 1000)
  return Number.isNaN(micros) ? null : micros
}
