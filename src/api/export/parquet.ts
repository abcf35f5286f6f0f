import type { Timers } from '../../host/index.ts'
import type { QueryField, QueryKind } from '../../query/index.ts'
import { timeOf } from '../../query/times.ts'
import { cellChunk, columnTypes } from '../../codecs/parquet/cells.ts'
import { chunkMeta, type Column } from '../../codecs/parquet/column.ts'
import { footer, magic } from '../../codecs/parquet/file.ts'
import { elementsOf, pathOf, rootElement, type ColumnType } from '../../codecs/parquet/schema.ts'
import { i64, kinds, list, struct, type ThriftStruct } from '../../codecs/parquet/thrift.ts'

const groupRows = 8192

const types: Readonly<Record<QueryKind, ColumnType>> = {
  ...columnTypes,
  text: 'text',
  bool: 'u8',
  // Parquet has no integers beyond 64 bits.
  estimate: 'text',
}

type Row = Readonly<Record<string, unknown>>

/** From NDJSON; one row group is in memory. */
export async function* parquetOf(
  ndjson: AsyncIterable<Uint8Array>,
  fields: readonly QueryField[],
  timers: Timers,
): AsyncGenerator<Uint8Array, void, undefined> {
  const columns = fields.map(({ name, kind }): Column => ({ name, type: types[kind] }))
  const paths = columns.map(({ name, type }) => pathOf(name, type).map((part) => new TextEncoder().encode(part)))
  const groups: ThriftStruct[] = []
  let [offset, total] = [magic.length, 0]
  yield magic
  for await (const rows of inGroups(ndjson)) {
    await timers.yield()
    const chunks = columns.map((column) =>
      cellChunk(
        column,
        rows.map((row) => cellOf(column, row[column.name])),
      ),
    )
    const start = offset
    const metas = chunks.map((chunk, index) => {
      const meta = chunkMeta(chunk, offset, paths[index] ?? [])
      offset += chunk.bytes
      return meta
    })
    const whole = chunks.reduce((sum, { uncompressed }) => sum + uncompressed, 0)
    groups.push(
      struct(
        [1, list(kinds.struct, metas)],
        [2, i64(whole)],
        [3, i64(rows.length)],
        [5, i64(start)],
        [6, i64(offset - start)],
      ),
    )
    total += rows.length
    yield Buffer.concat(chunks.flatMap(({ pieces }) => pieces))
  }
  yield Buffer.concat(
    footer(
      [rootElement(columns.length), ...columns.flatMap(({ name, type }) => elementsOf(name, type))],
      total,
      groups,
      {},
    ),
  )
}

async function* inGroups(ndjson: AsyncIterable<Uint8Array>): AsyncGenerator<Row[], void, undefined> {
  const text = new TextDecoder()
  let rest = ''
  let rows: Row[] = []
  for await (const bytes of ndjson) {
    const lines = (rest + text.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      rows.push(JSON.parse(line) as Row)
      if (rows.length < groupRows) continue
      yield rows
      rows = []
    }
  }
  if (rows.length > 0) yield rows
}

/** The value of a cell in NDJSON as the column holds it. */
function cellOf({ type }: Column, cell: unknown): unknown {
  if (cell === null || cell === undefined) return null
  switch (type) {
    case 'us':
      return timeOf(textOf(cell)) ?? 0n
    case 'json':
      return JSON.stringify(cell)
    case 'text':
      return textOf(cell)
    case 'list<text>':
      return Array.isArray(cell) ? cell.map(textOf) : []
    default:
      return cell
  }
}

const textOf = (cell: unknown) => (typeof cell === 'string' ? cell : JSON.stringify(cell))
