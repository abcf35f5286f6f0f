import type { ColumnKind } from '../../model/columns.ts'
import { plain, texts, type Chunk, type Column } from './column.ts'
import { ListLevels, Presence } from './levels.ts'
import type { ColumnType } from './schema.ts'

export const columnTypes: Readonly<Record<ColumnKind, ColumnType>> = {
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
  json: 'json',
  'list<u8>': 'list<u8>',
  'list<dict>': 'list<text>',
}

/** A column of one row group. `null`: absent. Texts and JSON are strings, times are integers, lists are arrays. */
export function cellChunk(column: Column, cells: readonly unknown[]): Chunk {
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
  for (const cell of cells) levels.add(cell === null ? 0 : 1)
  return values(
    column,
    cells.filter((cell) => cell !== null),
    levels,
  )
}

function values(column: Column, present: readonly unknown[], levels: Presence | ListLevels): Chunk {
  switch (column.type) {
    case 'text':
    case 'json':
    case 'list<text>':
      return textChunk(column, present as readonly string[], levels)
    case 'us':
    case 'ms':
    case 'u64':
    case 'i64':
      return wide(column, present as readonly (string | number | bigint)[], levels)
    case 'f64':
      return plain(column, new Uint8Array(Float64Array.from(present, Number).buffer), levels)
    default:
      return plain(column, new Uint8Array(Uint32Array.from(present, (cell) => Number(cell) >>> 0).buffer), levels)
  }
}

function wide(column: Column, integers: readonly (string | number | bigint)[], levels: Presence | ListLevels) {
  const words = BigInt64Array.from(integers, (value) => BigInt.asIntN(64, BigInt(value)))
  return plain(column, new Uint8Array(words.buffer), levels)
}

function textChunk(column: Column, present: readonly string[], levels: Presence | ListLevels): Chunk {
  const codes = new Map<string, number>()
  const indexes = Uint32Array.from(present, (text) => {
    const code = codes.get(text)
    if (code !== undefined) return code
    codes.set(text, codes.size)
    return codes.size - 1
  })
  return texts(column, [...codes.keys()], indexes, present.length, levels)
}
