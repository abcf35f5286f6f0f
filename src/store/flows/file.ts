import {
  absentChunk,
  endpointChunk,
  floatChunk,
  hasMicroseconds,
  narrowChunk,
  originChunk,
  timeChunk,
  wideChunk,
} from './numbers.ts'
import { listChunk, macChunk, textChunk, wordChunk } from './texts.ts'
import type { Chunk, Column } from '../../codecs/parquet/column.ts'
import { parquetFile } from '../../codecs/parquet/file.ts'
import { flowColumns, dictionaryFields, type FlowColumn } from '../schema.ts'
import type { FlowRows } from '../table-writer.ts'

const groupRows = 262_144

function fieldChunk(
  { name, field, kind }: FlowColumn,
  pieces: readonly FlowRows[],
  fine: ReadonlySet<string>,
): Chunk | undefined {
  switch (kind) {
    case 'u8':
    case 'u16':
    case 'u32':
    case 'i32':
      return narrowChunk(name, kind, field, pieces)
    case 'u64':
      return wideChunk(name, field, pieces)
    case 'f64':
      return floatChunk(name, pieces)
    case 'ip':
      return endpointChunk(name, field, pieces)
    case 'mac':
      return macChunk(name, pieces)
    case 'time':
      return timeChunk(
        name,
        fine.has(name) ? 'us' : 'ms',
        pieces,
        name === 'time_received' ? ({ origin }) => origin.received : undefined,
      )
    case 'dict':
      return dictionaryFields.has(name) ? wordChunk(name, pieces) : textChunk(name, 'text', pieces)
    case 'json':
      return textChunk(name, 'json', pieces)
    case 'list<u8>':
      return listChunk(name, 'list<u8>', pieces)
    case 'list<dict>':
      return listChunk(name, 'list<text>', pieces)
  }
}

const originNames = ['_source', '_epoch', '_sequence', '_row'] as const

export type FlowFile = Readonly<{
  pieces: readonly Uint8Array[]
  rows: number
  columns: readonly string[]
}>

export function flowFile(pieces: readonly FlowRows[], metadata: Readonly<Record<string, string>>): FlowFile {
  const groups: { rows: number; chunks: Map<string, Chunk> }[] = []
  const fine = new Set(
    flowColumns.filter(({ kind, field }) => kind === 'time' && hasMicroseconds(field, pieces)).map(({ name }) => name),
  )
  for (let from = 0; from < pieces.length;) {
    let rows = 0
    let to = from
    while (to < pieces.length && (rows === 0 || rows + (pieces[to]?.batch.count ?? 0) <= groupRows))
      rows += pieces[to++]?.batch.count ?? 0
    groups.push({ rows, chunks: chunksOf(pieces.slice(from, to), fine) })
    from = to
  }
  const columns = columnsOf(groups.map(({ chunks }) => chunks))
  const whole = groups.map(({ rows, chunks }) => ({
    rows,
    chunks: columns.map(({ name, type }) => chunks.get(name) ?? absentChunk(name, type, rows)),
  }))
  return {
    pieces: parquetFile(columns, whole, metadata),
    rows: groups.reduce((sum, { rows }) => sum + rows, 0),
    columns: columns.map(({ name }) => name),
  }
}

function chunksOf(pieces: readonly FlowRows[], fine: ReadonlySet<string>): Map<string, Chunk> {
  const chunks = new Map<string, Chunk>()
  for (const column of flowColumns) {
    if (column.field !== 'time_received' && !pieces.some(({ batch }) => batch.columns[column.field] !== undefined))
      continue
    const chunk = fieldChunk(column, pieces, fine)
    if (chunk !== undefined) chunks.set(column.name, chunk)
  }
  for (const name of originNames) chunks.set(name, originChunk(name, pieces))
  return chunks
}

function columnsOf(groups: readonly ReadonlyMap<string, Chunk>[]): Column[] {
  const order = [...flowColumns.map(({ name }) => name), ...originNames]
  return order.flatMap((name) => {
    const type = groups.find((group) => group.has(name))?.get(name)?.type
    return type === undefined ? [] : [{ name, type }]
  })
}
