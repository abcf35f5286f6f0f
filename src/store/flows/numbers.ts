import { isPresent, type Column } from '../../model/columns.ts'
import { begin, scratch } from './scratch.ts'
import { integers, plain, type Chunk } from '../../codecs/parquet/column.ts'
import { ListLevels, Presence, type Levels } from '../../codecs/parquet/levels.ts'
import type { ColumnType } from '../../codecs/parquet/schema.ts'
import type { FlowRows } from '../table-writer.ts'

const twoTo32 = 4_294_967_296
/** Differences from the minimum have 31 bits. */
const maxRange = 2 ** 31

/** Unix ms of the years 0 to 9999. */
export const firstTime = -62_167_219_200_000
export const lastTime = 253_402_300_799_999

export function absentChunk(name: string, type: ColumnType, rows: number): Chunk {
  if (type === 'list<u8>' || type === 'list<text>') {
    const levels = new ListLevels()
    for (let row = 0; row < rows; row++) levels.row(0)
    return plain({ name, type }, new Uint8Array(0), levels)
  }
  const levels = new Presence()
  levels.addNulls(rows)
  return plain({ name, type }, new Uint8Array(0), levels)
}

type Narrow = Extract<Column, { readonly kind: 'u8' | 'u16' | 'u32' | 'i32' }>

function isNarrow(column: Column | undefined): column is Narrow {
  return column?.kind === 'u8' || column?.kind === 'u16' || column?.kind === 'u32' || column?.kind === 'i32'
}

export function narrowChunk(
  name: string,
  type: 'u8' | 'u16' | 'u32' | 'i32',
  field: string,
  pieces: readonly FlowRows[],
): Chunk | undefined {
  const { words, presence } = begin(pieces)
  let at = 0
  for (const { batch } of pieces) {
    const column = batch.columns[field]
    if (!isNarrow(column)) presence.addNulls(batch.count)
    else if (column.valid === undefined || presence.take(column.valid, batch.count) === batch.count) {
      if (column.valid === undefined) presence.addPresent(batch.count)
      // Relative to the minimum: 0 is −2^31.
      words.set(column.values, at)
      at += batch.count
    } else {
      const { values, valid } = column
      for (let row = 0; row < batch.count; row++) if (isPresent(valid, row)) words[at++] = values[row]!
    }
  }
  if (at === 0) return undefined
  if (type !== 'i32') return integers({ name, type }, words, at, 0, presence)
  for (let i = 0; i < at; i++) words[i] = (words[i]! ^ 0x80000000) >>> 0
  return integers({ name, type }, words, at, -0x80000000, presence)
}

function fromFloats(name: string, type: ColumnType, count: number, levels: Levels): Chunk | undefined {
  const { words, floats } = scratch
  let min = Infinity
  let max = -Infinity
  for (let i = 0; i < count; i++) {
    const value = floats[i]!
    if (value < min) min = value
    if (value > max) max = value
  }
  if (max - min >= maxRange) return undefined
  for (let i = 0; i < count; i++) words[i] = floats[i]! - min
  return integers({ name, type }, words, count, min, levels)
}

type Pairs = Readonly<{
  /** Words of the numbers, the low word first. */
  words: Uint32Array
  valid: Uint8Array | undefined
  count: number
}>

function pairsChunk(name: string, type: 'u64' | 'i64', pieces: readonly (Pairs | number)[]): Chunk | undefined {
  const { words, floats, presence } = scratch
  let at = 0
  let highBits = 0
  let lowBits = 0
  for (const piece of pieces) {
    if (typeof piece === 'number') {
      presence.addNulls(piece)
      continue
    }
    const { words: from, valid, count } = piece
    const hasAllRows = valid === undefined || presence.take(valid, count) === count
    if (valid === undefined) presence.addPresent(count)
    for (let row = 0; row < count; row++) {
      if (!hasAllRows && !isPresent(valid, row)) continue
      const first = from[2 * row]!
      const second = from[2 * row + 1]!
      words[at] = first
      floats[at++] = second * twoTo32 + first
      lowBits |= first
      highBits |= second
    }
  }
  if (at === 0) return undefined
  if (highBits === 0 && lowBits >= 0) return integers({ name, type }, words, at, 0, presence)
  const chunk = highBits >>> 21 === 0 ? fromFloats(name, type, at, presence) : undefined
  if (chunk !== undefined) return chunk
  const bytes = new Uint32Array(2 * at)
  let wordAt = 0
  for (const piece of pieces) {
    if (typeof piece === 'number') continue
    for (let row = 0; row < piece.count; row++) {
      if (!isPresent(piece.valid, row)) continue
      bytes[wordAt++] = piece.words[2 * row]!
      bytes[wordAt++] = piece.words[2 * row + 1]!
    }
  }
  return plain({ name, type }, new Uint8Array(bytes.buffer), presence)
}

export function wideChunk(name: string, field: string, pieces: readonly FlowRows[]): Chunk | undefined {
  begin(pieces)
  return pairsChunk(
    name,
    'u64',
    pieces.map(({ batch }) => {
      const column = batch.columns[field]
      return column?.kind === 'u64' ? { words: column.words, valid: column.valid, count: batch.count } : batch.count
    }),
  )
}

export function endpointChunk(name: string, field: string, pieces: readonly FlowRows[]): Chunk | undefined {
  const { floats, presence } = begin(pieces)
  let at = 0
  for (const {
    batch: { count },
    endpoints,
  } of pieces) {
    const ids = endpoints[field]
    if (ids === undefined) {
      presence.addNulls(count)
      continue
    }
    const start = at
    for (let row = 0; row < count; row++) {
      const id = ids[row]!
      if (id !== 0) floats[at++] = id
    }
    if (at === start) presence.addNulls(count)
    else if (at - start === count) presence.addPresent(count)
    else for (let row = 0; row < count; row++) presence.add(ids[row] === 0 ? 0 : 1)
  }
  if (at === 0) return undefined
  return fromFloats(name, 'i64', at, presence) ?? plain({ name, type: 'i64' }, bigBytes(at), presence)
}

function bigBytes(count: number): Uint8Array {
  return new Uint8Array(BigInt64Array.from({ length: count }, (_, i) => BigInt(scratch.floats[i]!)).buffer)
}

/** Invalid times count as fractional, which only costs space. */
export function hasMicroseconds(name: string, pieces: readonly FlowRows[]): boolean {
  for (const { batch } of pieces) {
    const column = batch.columns[name]
    if (column?.kind !== 'time') continue
    const { values } = column
    for (let row = 0; row < values.length; row++) if (values[row]! !== Math.floor(values[row]!)) return true
  }
  return false
}

export function timeChunk(
  name: string,
  type: 'ms' | 'us',
  pieces: readonly FlowRows[],
  missing?: (piece: FlowRows) => number,
): Chunk | undefined {
  const { floats, presence } = begin(pieces)
  let at = 0
  for (const piece of pieces) {
    const {
      batch: { count, columns },
    } = piece
    const column = columns[name]
    if (column?.kind !== 'time') {
      const value = missing?.(piece)
      if (value === undefined) {
        presence.addNulls(count)
        continue
      }
      presence.addPresent(count)
      floats.fill(value, at, at + count)
      at += count
      continue
    }
    const { values, valid } = column
    const start = at
    const replacement = missing?.(piece)
    for (let row = 0; row < count; row++) {
      const value = values[row]!
      if (value >= firstTime && value <= lastTime && isPresent(valid, row)) floats[at++] = value
      else if (replacement !== undefined) floats[at++] = replacement
    }
    if (at - start === count) presence.addPresent(count)
    else
      for (let row = 0; row < count; row++)
        presence.add(values[row]! >= firstTime && values[row]! <= lastTime && isPresent(valid, row) ? 1 : 0)
  }
  if (at === 0) return undefined
  if (type === 'us') for (let i = 0; i < at; i++) floats[i] = Math.round(floats[i]! * 1000)
  else for (let i = 0; i < at; i++) floats[i] = Math.round(floats[i]!)
  return fromFloats(name, type, at, presence) ?? plain({ name, type }, bigBytes(at), presence)
}

export function floatChunk(name: string, pieces: readonly FlowRows[]): Chunk | undefined {
  const { floats, presence } = begin(pieces)
  let at = 0
  for (const { batch } of pieces) {
    const column = batch.columns[name]
    if (column?.kind !== 'f64') {
      presence.addNulls(batch.count)
      continue
    }
    if (column.valid === undefined) presence.addPresent(batch.count)
    else presence.take(column.valid, batch.count)
    for (let row = 0; row < batch.count; row++) if (isPresent(column.valid, row)) floats[at++] = column.values[row]!
  }
  return at === 0 ? undefined : plain({ name, type: 'f64' }, new Uint8Array(floats.buffer, 0, 8 * at).slice(), presence)
}

export function originChunk(name: '_source' | '_epoch' | '_sequence' | '_row', pieces: readonly FlowRows[]): Chunk {
  const { words, floats, presence } = begin(pieces)
  let at = 0
  for (const {
    batch: { count },
    origin,
  } of pieces) {
    presence.addPresent(count)
    if (name === '_row') for (let row = 0; row < count; row++) words[at + row] = row
    else if (name === '_sequence') floats.fill(origin.sequence, at, at + count)
    else words.fill(name === '_source' ? origin.source : origin.epoch, at, at + count)
    at += count
  }
  if (name === '_sequence')
    return fromFloats(name, 'u64', at, presence) ?? plain({ name, type: 'u64' }, bigBytes(at), presence)
  return integers({ name, type: name === '_source' ? 'u16' : 'u32' }, words, at, 0, presence)
}
