import type { Timers } from '../../host/index.ts'
import type { QueryField, QueryKind } from '../../query/index.ts'
import { timeOf } from '../../query/times.ts'
import { chunkMeta, plain, texts, type Chunk, type Column } from '../../store/parquet/column.ts'
import { footer, magic } from '../../store/parquet/file.ts'
import { ListLevels, Presence } from '../../store/parquet/levels.ts'
import { elementsOf, pathOf, rootElement, type ColumnType } from '../../store/parquet/schema.ts'
import { i64, kinds, list, struct, type ThriftStruct } from '../../store/parquet/thrift.ts'

const groupRows = 8192

const types: Readonly<Record<QueryKind, ColumnType>> = {
  u8: 'u8',
  u16: 'u16',
  u32: 'u32',
  u64: 'u64',
  i32: 'i32',
  f64: 'f64',
  time: 'us',
  ip: 'text',
  mac: 'text',
  dict: 'text',
  text: 'text',
  json: 'json',
  bool: 'u8',
  'list<u8>': 'list<u8>',
  'list<dict>': 'list<text>',
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
      chunkOf(
        column,
        rows.map((row) => row[column.name] ?? null),
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

function chunkOf(column: Column, cells: readonly unknown[]): Chunk {
  if (column.type === 'list<u8>' || column.type === 'list<text>') {
    const levels = new ListLevels()
    for (const cell of cells) levels.row(Array.isArray(cell) ? cell.length : 0)
    return values(
      column,
      cells.flatMap((cell) => (Array.isArray(cell) ? (cell as unknown[]) : [])),
      levels,
    )
  }
  const levels = new Presence()
  for (const cell of cells) levels.add(cell !== null)
  return values(
    column,
    cells.filter((cell) => cell !== null),
    levels,
  )
}

function values(column: Column, present: readonly unknown[], levels: Presence | ListLevels): Chunk {
  switch (column.type) {
    case 'text':
    case 'list<text>':
      return textChunk(
        column,
        present.map((cell) => (typeof cell === 'string' ? cell : JSON.stringify(cell))),
        levels,
      )
    case 'json':
      return textChunk(
        column,
        present.map((cell) => JSON.stringify(cell)),
        levels,
      )
    case 'us':
      return wide(
        column,
        present.map((cell) => timeOf(String(cell)) ?? 0n),
        levels,
      )
    case 'u64':
    case 'i64':
    case 'ms':
      return wide(
        column,
        present.map((cell) => BigInt(cell as string | number)),
        levels,
      )
    case 'f64':
      return plain(column, new Uint8Array(Float64Array.from(present, Number).buffer), levels)
    default:
      return plain(column, new Uint8Array(Uint32Array.from(present, (cell) => Number(cell) >>> 0).buffer), levels)
  }
}

function wide(column: Column, integers: readonly bigint[], levels: Presence | ListLevels) {
  return plain(column, new Uint8Array(BigInt64Array.from(integers, (value) => BigInt.asIntN(64, value)).buffer), levels)
}

function textChunk(column: Column, present: readonly string[], levels: Presence | ListLevels): Chunk {
  const codes = new Map<string, number>()
  const indexes = Uint32Array.from(present, (text) => {
    const known = codes.get(text)
    if (known !== undefined) return known
    codes.set(text, codes.size)
    return codes.size - 1
  })
  return texts(column, [...codes.keys()], indexes, present.length, levels)
}
